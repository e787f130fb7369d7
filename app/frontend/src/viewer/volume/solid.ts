/** A volume in three dimensions: turned by hand, cut by a box, its opacity moved and stretched. */

import type { Rendering } from '../../render/engine';
import { SolidViewport, wholeBox, type ClipBox } from '../../render/volume/solidViewport';
import type { LoadedVolume } from '../../render/volume/volumeStore';
import { lettersOf, opposite } from '../../study/orientation';
import { eyes, orbited, type Direction } from '../../study/orbit';
import { patientOf } from '../../study/overlayText';
import { rightOf, type PlaneAxes } from '../../study/planes';
import {
  adjusted,
  plainTransfer,
  presetsFor,
  type RenderingPreset,
  type Transfer,
} from '../../study/renderingPresets';
import { add, scale, type Vector } from '../../study/vector';
import { middleOf } from '../../study/volumeGeometry';
import { PointerHand, type Place } from '../../tools/pointerHand';
import { element, setAttribute } from '../../ui/dom';
import { Overlays } from '../../ui/overlays';

type SolidTool = 'turn' | 'pan' | 'zoom';

export interface SolidState {
  presetId: string;
  transfer: Transfer;
  box: ClipBox;
  axes: PlaneAxes;
  center: Vector;
  zoom: number;
}

const degreesPerPixel = 0.5;
const zoomPerHundredPixels = 2;
const zoomLimits = { least: 0.3, most: 20 };
/** How long the hand must rest before rays are cast finely again. */
const restMs = 250;

export class Solid {
  readonly element: HTMLElement;
  private readonly host = element('div', { class: 'viewer-plane-canvas' });
  private readonly overlays = new Overlays();
  private readonly viewport: SolidViewport;
  private readonly observed: { element: HTMLElement; zoom: number; resized: () => void };
  private volume: LoadedVolume | undefined;
  private current: SolidState | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private millimetresPerPixel = 0;

  constructor(
    private readonly rendering: Rendering,
    private readonly changed: () => void,
  ) {
    this.element = element(
      'section',
      {
        class: 'viewer-cut viewer-solid',
        'data-state': 'drawing',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Volume in three dimensions',
      },
      this.host,
      this.overlays.element,
    );
    this.viewport = new SolidViewport('solid', this.host, rendering, () =>
      setAttribute(this.element, 'data-state', 'ready'),
    );
    this.listen();
    this.observed = { element: this.host, zoom: 1, resized: () => this.place() };
    rendering.resizing.observe(this.observed);
  }

  get state(): SolidState | undefined {
    return this.current;
  }

  get presets(): readonly RenderingPreset[] {
    if (!this.volume) return [];
    const { window, content } = this.volume;
    const half = window.width / 2;
    return presetsFor(content.modality, [window.center - half, window.center + half]);
  }

  /** The axes of the volume as the patient has them, such as `R–L`. */
  get sides(): readonly string[] {
    return (this.volume?.plan.axes ?? []).map((axis) => {
      const letters = lettersOf(axis);
      return `${opposite(letters)}–${letters}`;
    });
  }

  async open(volume: LoadedVolume): Promise<void> {
    this.volume = volume;
    setAttribute(this.element, 'data-state', 'drawing');
    await this.viewport.open(volume);
    this.current = this.startingState(volume);
    this.dress();
    this.place();
    this.changed();
  }

  destroy(): void {
    clearTimeout(this.rest);
    this.rendering.resizing.unobserve(this.observed);
    this.viewport.destroy();
  }

  update(change: Partial<SolidState>): void {
    if (!this.current) return;
    const before = this.current;
    this.current = { ...before, ...change };
    if (before.presetId !== this.current.presetId || before.transfer !== this.current.transfer) this.dress();
    if (before.box !== this.current.box) this.viewport.clip(this.current.box);
    this.place();
    this.changed();
  }

  turn(rightwards: number, downwards: number): void {
    if (this.current) this.move({ axes: orbited(this.current.axes, rightwards, downwards) });
  }

  lookFrom(direction: Direction): void {
    this.update({ axes: eyes[direction] });
  }

  zoomBy(factor: number): void {
    if (!this.current) return;
    this.move({ zoom: Math.min(zoomLimits.most, Math.max(zoomLimits.least, this.current.zoom * factor)) });
  }

  reset(): void {
    if (this.volume) this.update(this.startingState(this.volume));
  }

  private startingState(volume: LoadedVolume): SolidState {
    return {
      presetId: this.presets[0]?.id ?? '',
      transfer: plainTransfer,
      box: wholeBox,
      axes: eyes.A,
      center: middleOf(volume.plan),
      zoom: 1,
    };
  }

  /** Moves it at a lower quality, which is made good when the hand rests. */
  private move(change: Partial<SolidState>): void {
    this.viewport.moving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      setAttribute(this.element, 'data-state', 'drawing');
      this.viewport.moving = false;
    }, restMs);
    this.update(change);
  }

  private listen(): void {
    new PointerHand<SolidTool>(this.host, {
      toolOf: (button) => (button === 'middle' ? 'pan' : button === 'right' ? 'zoom' : 'turn'),
      pressed: () => this.element.focus({ preventScroll: true }),
      dragged: (tool, from, to) => this.drag(tool, from, to),
      released: () => undefined,
      wheeled: (steps) => this.zoomBy(1.1 ** -steps),
      zoomed: (factor) => this.zoomBy(factor),
      shifted: (from, to) => this.drag('pan', from, to),
    }).listen();
  }

  private drag(tool: SolidTool, from: Place, to: Place): void {
    const { current } = this;
    if (!current) return;
    const [across, down] = [to[0] - from[0], to[1] - from[1]];
    if (tool === 'turn') this.turn(across * degreesPerPixel, down * degreesPerPixel);
    else if (tool === 'zoom') this.zoomBy(zoomPerHundredPixels ** (-down / 100));
    else {
      const shift = add(
        scale(rightOf(current.axes), -across * this.millimetresPerPixel),
        scale(current.axes.up, down * this.millimetresPerPixel),
      );
      this.move({ center: add(current.center, shift) });
    }
  }

  private dress(): void {
    const preset = this.presets.find(({ id }) => id === this.current?.presetId);
    if (preset && this.current) this.viewport.dress(adjusted(preset, this.current.transfer));
  }

  private place(): void {
    const { current, volume } = this;
    if (!current || !volume) return;
    setAttribute(this.element, 'data-state', 'drawing');
    this.millimetresPerPixel = this.viewport.place(current);
    const attributes = {
      preset: current.presetId,
      normal: current.axes.normal.map((value) => Number(value.toFixed(5))).join(','),
      zoom: Number(current.zoom.toFixed(3)),
      shift: current.transfer.shift,
      width: current.transfer.width,
      box: current.box.flat().join(','),
    };
    for (const [name, value] of Object.entries(attributes)) setAttribute(this.element, `data-${name}`, value);
    const right = lettersOf(rightOf(current.axes));
    const up = lettersOf(current.axes.up);
    const patient = patientOf(volume.plan.frames[0]?.instance ?? {});
    this.overlays.show({
      corners: {
        topLeft: [patient.name, patient.id ?? ''].filter(Boolean),
        topRight: [],
        bottomLeft: [...(volume.plan.step > 1 ? [`1 slice of ${volume.plan.step}`] : []), '3D'],
        bottomRight: [],
      },
      letters: { right, left: opposite(right), top: up, bottom: opposite(up) },
      scale: undefined,
    });
  }
}
