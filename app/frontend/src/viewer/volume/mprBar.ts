/** The bar over the three planes. */

import { colourMaps } from '../../render/volume/planeViewport';
import type { SlabMode } from '../../render/volume/planeViewport';
import { matchingPreset, type WindowPreset } from '../../study/presets';
import { valueAt } from '../../study/sampling';
import {
  barButton,
  barGroup,
  barRows,
  Choice,
  NumberSlider,
  Picker,
  Readout,
} from '../../ui/volume/controls';
import type { Mpr, MprTool } from './mpr';
import { readoutOf, slabLabels } from './planeWords';

export interface Companion {
  seriesUid: string;
  label: string;
}

const tools = [
  { id: 'crosshair', label: 'Crosshair', icon: 'crosshair', key: 'C' },
  { id: 'length', label: 'Length, for this tab only', icon: 'length', key: 'L' },
  { id: 'window', label: 'Window and level', icon: 'window', key: 'W' },
  { id: 'scroll', label: 'Scroll', icon: 'scroll', key: 'S' },
  { id: 'pan', label: 'Pan', icon: 'pan', key: 'P' },
  { id: 'zoom', label: 'Zoom', icon: 'zoom', key: 'Z' },
] as const;
const thickness = { least: 1, most: 100, step: 1, unit: 'mm' };
const percent = { least: 0, most: 100, step: 1, unit: '%' };
const uptake = { least: 0.5, most: 40, step: 0.5, unit: 'SUV' };
const noFusion = 'none';
const ownWindow = 'own';

export class MprBar {
  readonly element: HTMLElement;
  private readonly tool: Choice;
  private readonly slab: Choice;
  private readonly thickness: NumberSlider;
  private readonly window: Picker;
  private readonly fusion: Picker;
  private readonly opacity: NumberSlider;
  private readonly uptake: NumberSlider;
  private readonly colours: Picker;
  private readonly overlay: HTMLElement;
  private readonly readout = new Readout();
  private presets: readonly WindowPreset[] = [];

  constructor(
    private readonly mpr: Mpr,
    fuse: (seriesUid: string | undefined) => void,
  ) {
    this.tool = new Choice('Mouse tool', tools, (id) => mpr.update({ tool: id as MprTool }));
    this.slab = new Choice(
      'Slab',
      Object.entries(slabLabels).map(([id, label]) => ({ id, label })),
      (id) => this.changeSlab({ mode: id as SlabMode }),
    );
    this.thickness = new NumberSlider('Thickness', thickness, (value) =>
      this.changeSlab({ thickness: value }),
    );
    this.window = new Picker('Window', (id) => this.chooseWindow(id));
    this.fusion = new Picker('Fusion', (id) => fuse(id === noFusion ? undefined : id));
    this.opacity = new NumberSlider('Opacity', percent, (value) =>
      mpr.updateOverlay({ opacity: value / 100 }),
    );
    this.uptake = new NumberSlider('Up to', uptake, (value) =>
      mpr.updateOverlay({ window: { center: value / 2, width: value } }),
    );
    this.colours = new Picker('Colours', (id) => mpr.updateOverlay({ colours: id }));
    this.colours.offer(colourMaps);
    this.overlay = barGroup('Fusion', this.opacity.element, this.uptake.element, this.colours.element);
    this.element = barRows(
      'Planes',
      [
        this.tool.element,
        barGroup(
          'Reset',
          barButton('Reset planes', 'reset', () => mpr.reset(), 'Esc'),
        ),
        this.slab.element,
        this.thickness.element,
        this.readout.element,
      ],
      [this.window.element, this.fusion.element, this.overlay],
    );
  }

  /** What can be laid over, or under, the volume that was opened. */
  offer(
    companions: readonly Companion[],
    chosen: string | undefined,
    presets: readonly WindowPreset[],
  ): void {
    const rows = companions.map(({ seriesUid, label }) => ({ id: seriesUid, label }));
    this.fusion.offer([{ id: noFusion, label: 'None' }, ...rows]);
    this.fusion.show(chosen ?? noFusion);
    this.presets = presets;
    this.window.offer([
      { id: ownWindow, label: 'Default' },
      ...presets.map(({ label }) => ({ id: label, label })),
      { id: '', label: 'Own' },
    ]);
    this.window.element.hidden = presets.length === 0;
  }

  show(): void {
    const { state, volume, overlay } = this.mpr;
    if (!state || !volume) return;
    this.tool.show(state.tool);
    this.slab.show(state.slab.mode);
    this.thickness.show(state.slab.thickness, state.slab.mode !== 'slice');
    this.window.show(this.windowId());
    this.overlay.hidden = overlay === undefined;
    if (overlay) {
      this.opacity.show(overlay.opacity * 100);
      this.uptake.show(overlay.window.center + overlay.window.width / 2);
      this.uptake.element.hidden = overlay.volume.content.unit !== 'SUV';
      this.colours.show(overlay.colours);
    }
    this.readout.show(readoutOf(state, volume, overlay, valueAt));
  }

  private changeSlab(change: { mode?: SlabMode; thickness?: number }): void {
    const slab = this.mpr.state?.slab;
    if (slab) this.mpr.update({ slab: { ...slab, ...change } });
  }

  private windowId(): string {
    const { state, volume } = this.mpr;
    if (!state || !volume || state.window === volume.window) return ownWindow;
    return matchingPreset(this.presets, state.window)?.label ?? '';
  }

  private chooseWindow(id: string): void {
    const preset = this.presets.find(({ label }) => label === id);
    this.mpr.setWindow(preset && { center: preset.center, width: preset.width });
  }
}
