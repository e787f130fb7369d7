/** Three planes through a volume, moved and turned by one crosshair; another volume may lie over them. */

import { PlaneViewport, type PlaneLook, type SlabMode } from '../../render/volume/planeViewport';
import type { Rendering } from '../../render/engine';
import type { LoadedVolume } from '../../render/volume/volumeStore';
import { crosshairOn, gripAt, pulled, type Grip } from '../../study/crosshair';
import type { Window } from '../../study/frame';
import {
  fittingScale,
  movedTo,
  panned,
  planeNames,
  planesThrough,
  standardAxes,
  toPatient,
  turnedIn,
  type PlaneName,
  type Planes,
  type PlaneView,
} from '../../study/planes';
import {
  isAccident,
  lineEndMoved,
  lineGripAt,
  linesOn,
  type LineGrip,
  type PlaneLine,
  type ShownLine,
} from '../../study/planeLines';
import type { HandTool, Mouse } from '../../study/preferences';
import { valueAt } from '../../study/sampling';
import { add, scale, subtract } from '../../study/vector';
import { rangeOf } from '../../study/voi';
import { cornersOf, middleOf, spacingAlong, withinVolume } from '../../study/volumeGeometry';
import { PointerHand, type Place } from '../../tools/pointerHand';
import { element, setAttribute } from '../../ui/dom';
import { PlaneCell } from '../../ui/volume/planeCell';
import { attributesOf, wordsOn } from './planeWords';

export type MprTool = 'crosshair' | 'length' | 'window' | 'scroll' | 'pan' | 'zoom';

export interface Overlay {
  volume: LoadedVolume;
  opacity: number;
  colours: string;
  window: Window;
}

export interface MprState {
  planes: Planes;
  zooms: Record<PlaneName, number>;
  /** The window of the volume below. */
  window: Window;
  inverted: boolean;
  slab: { mode: SlabMode; thickness: number };
  active: PlaneName;
  maximised: boolean;
  tool: MprTool;
  words: boolean;
  /** Lengths measured here; the last one drawn or taken hold of is `chosen`. */
  lines: readonly PlaneLine[];
  chosen: number | undefined;
}

const zoomLimits = { least: 0.2, most: 40 };
/** How much of the window a hundred pixels of movement are. */
const windowPerHundredPixels = 0.6;
const zoomPerHundredPixels = 2;
const zoomPerNotch = 1.1;
const pixelsPerStep = 8;
export const usualSlab = 10;

interface Part {
  cell: PlaneCell;
  viewport: PlaneViewport;
  /** Between the library's order to draw and the drawing. */
  isDrawing: boolean;
}

export class Mpr {
  readonly element = element('div', { class: 'viewer-planes' });
  private readonly parts: ReadonlyMap<PlaneName, Part>;
  private base: LoadedVolume | undefined;
  private over: Overlay | undefined;
  private current: MprState | undefined;
  private grip: Grip | undefined;
  private lineGrip: LineGrip | undefined;
  private pulledBy = 0;
  private readonly observed: { element: HTMLElement; zoom: number; resized: () => void }[];

  constructor(
    private readonly rendering: Rendering,
    private readonly mouse: () => Mouse,
    private readonly changed: () => void,
  ) {
    this.parts = new Map(planeNames.map((name) => [name, this.makePart(name)]));
    this.element.append(...[...this.parts.values()].map(({ cell }) => cell.element));
    this.observed = [...this.parts.values()].map(({ cell }) => ({
      element: cell.canvasHost,
      zoom: 1,
      resized: () => this.refresh(),
    }));
    for (const view of this.observed) rendering.resizing.observe(view);
  }

  get state(): MprState | undefined {
    return this.current;
  }

  get volume(): LoadedVolume | undefined {
    return this.base;
  }

  get overlay(): Overlay | undefined {
    return this.over;
  }

  async open(base: LoadedVolume, overlay: Overlay | undefined): Promise<void> {
    const before = this.current;
    this.base = base;
    this.over = overlay;
    const volumes = overlay ? [base, overlay.volume] : [base];
    await Promise.all([...this.parts.values()].map(({ viewport }) => viewport.open(volumes)));
    this.current = before ? { ...before, window: base.window } : startingState(base);
    this.dress();
    this.refresh();
  }

  /** Keys that a focused element takes for itself must not go elsewhere. */
  focus(): void {
    this.parts.get(this.current?.active ?? 'axial')?.cell.element.focus({ preventScroll: true });
  }

  destroy(): void {
    for (const view of this.observed) this.rendering.resizing.unobserve(view);
    for (const { viewport } of this.parts.values()) viewport.destroy();
  }

  /** Changes what the planes look like or where they are; the library draws them anew. */
  update(change: Partial<MprState>): void {
    if (!this.current) return;
    const before = this.current;
    this.current = { ...before, ...change };
    if (looks.some((key) => before[key] !== this.current?.[key])) this.dress();
    this.refresh();
  }

  updateOverlay(change: Partial<Omit<Overlay, 'volume'>>): void {
    if (!this.over) return;
    this.over = { ...this.over, ...change };
    this.dress();
    this.refresh();
  }

  reset(): void {
    if (!this.base || !this.current) return;
    const { tool, words, maximised, active, lines, chosen } = this.current;
    this.update({ ...startingState(this.base), tool, words, maximised, active, lines, chosen });
  }

  /** Forwards is towards the reader: to the feet, the left, the front. */
  scroll(steps: number, name: PlaneName | undefined = this.current?.active): void {
    if (!this.current || !this.base || !name) return;
    const { normal } = this.current.planes.axes[name];
    const step = spacingAlong(this.base.plan, normal) * steps;
    this.moveTo(add(this.current.planes.crosshair, scale(normal, step)));
  }

  turn(degrees: number): void {
    const { current } = this;
    if (!current) return;
    this.update({ planes: turnedIn(current.planes, current.active, (degrees * Math.PI) / 180) });
  }

  zoomBy(factor: number, name: PlaneName | undefined = this.current?.active): void {
    const { current } = this;
    if (!current || !name) return;
    const zoom = Math.min(zoomLimits.most, Math.max(zoomLimits.least, current.zooms[name] * factor));
    this.update({ zooms: { ...current.zooms, [name]: zoom } });
  }

  maximise(name: PlaneName | undefined = this.current?.active): void {
    if (this.current && name) this.update({ active: name, maximised: !this.current.maximised });
  }

  /** Takes the chosen length away, and chooses the one drawn before it. */
  removeLine(): void {
    const { lines = [], chosen } = this.current ?? {};
    if (chosen === undefined) return;
    const left = lines.filter((_, index) => index !== chosen);
    this.update({ lines: left, chosen: left.length > 0 ? left.length - 1 : undefined });
  }

  setWindow(window: Window | undefined): void {
    if (this.base) this.update({ window: window ?? this.base.window });
  }

  private moveTo(point: Planes['crosshair']): void {
    const { current, base } = this;
    if (current && base) this.update({ planes: movedTo(current.planes, withinVolume(base.plan, point)) });
  }

  private makePart(name: PlaneName): Part {
    const label = `${name.charAt(0).toUpperCase()}${name.slice(1)} plane`;
    const cell = new PlaneCell(name, label, {
      maximise: () => this.maximise(name),
      focused: () => this.update({ active: name }),
    });
    const viewport = new PlaneViewport(`plane-${name}`, cell.canvasHost, this.rendering, () => {
      part.isDrawing = false;
      cell.tell({ state: 'ready' });
    });
    const part: Part = { cell, viewport, isDrawing: false };
    this.listen(name, cell.canvasHost);
    return part;
  }

  private listen(name: PlaneName, target: HTMLElement): void {
    new PointerHand<MprTool>(target, {
      toolOf: (button) =>
        button === 'left' ? (this.current?.tool ?? 'crosshair') : toolFor(this.mouse()[button]),
      pressed: (tool, at) => this.press(name, tool, at),
      dragged: (tool, from, to) => this.drag(name, tool, from, to),
      released: () => this.release(name),
      wheeled: (steps, withCtrl) => {
        if ((this.mouse().wheel === 'zoom') === withCtrl) this.scroll(steps, name);
        else this.zoomBy(zoomPerNotch ** -steps, name);
      },
      zoomed: (factor) => this.zoomBy(factor, name),
      shifted: (from, to) => this.pan(name, from, to),
    }).listen();
  }

  private press(name: PlaneName, tool: MprTool, at: Place): void {
    const { current } = this;
    this.pulledBy = 0;
    if (!current) return;
    this.update({ active: name });
    if (tool === 'length') this.pressLine(name, at);
    if (tool !== 'crosshair') return;
    const view = this.viewOf(name, current);
    this.grip = gripAt(crosshairOn(view, current.planes, name), at);
    if (this.grip.kind === 'center') this.moveTo(toPatient(view, at));
  }

  private drag(name: PlaneName, tool: MprTool, from: Place, to: Place): void {
    const { current, base } = this;
    if (!current || !base) return;
    const [across, down] = [to[0] - from[0], to[1] - from[1]];
    if (tool === 'crosshair' && this.grip) {
      const planes = pulled(current.planes, this.viewOf(name, current), name, this.grip, from, to);
      this.update({ planes: movedTo(planes, withinVolume(base.plan, planes.crosshair)) });
    } else if (tool === 'length' && this.lineGrip) {
      this.update({ lines: lineEndMoved(current.lines, this.lineGrip, this.viewOf(name, current), to) });
    } else if (tool === 'window') {
      const { center, width } = current.window;
      const least = base.content.kind === 'Float32' ? 0.01 : 1;
      const grown = Math.max(least, width * Math.exp((across / 100) * windowPerHundredPixels));
      this.update({
        window: { center: center + (down / 100) * width * windowPerHundredPixels, width: grown },
      });
    } else if (tool === 'zoom') this.zoomBy(zoomPerHundredPixels ** (-down / 100), name);
    else if (tool === 'pan') this.pan(name, from, to);
    else if (tool === 'scroll') this.scrollBy(name, down);
  }

  /** Takes hold of an end of a line that is there, or begins another one. */
  private pressLine(name: PlaneName, at: Place): void {
    const { current } = this;
    if (!current) return;
    const view = this.viewOf(name, current);
    this.lineGrip = lineGripAt(this.linesOf(view, current), at);
    if (this.lineGrip) {
      this.update({ chosen: this.lineGrip.index });
      return;
    }
    const point = toPatient(view, at);
    this.lineGrip = { index: current.lines.length, end: 1 };
    this.update({ lines: [...current.lines, [point, point]], chosen: current.lines.length });
  }

  private release(name: PlaneName): void {
    const { current, lineGrip } = this;
    this.grip = undefined;
    this.lineGrip = undefined;
    const line = lineGrip && current?.lines[lineGrip.index];
    if (line && isAccident(this.viewOf(name, current), line)) this.removeLine();
  }

  /** Lines within half a voxel of the plane, or within its slab. */
  private linesOf(view: PlaneView, { lines, slab, words }: MprState): ShownLine[] {
    if (!this.base || !words) return [];
    const thickness = slab.mode === 'slice' ? 0 : slab.thickness;
    return linesOn(view, lines, Math.max(spacingAlong(this.base.plan, view.axes.normal), thickness) / 2);
  }

  private scrollBy(name: PlaneName, pixels: number): void {
    this.pulledBy += pixels;
    const steps = Math.trunc(this.pulledBy / pixelsPerStep);
    this.pulledBy -= steps * pixelsPerStep;
    if (steps !== 0) this.scroll(steps, name);
  }

  private pan(name: PlaneName, from: Place, to: Place): void {
    if (!this.current) return;
    const view = this.viewOf(name, this.current);
    this.update({
      planes: panned(this.current.planes, name, subtract(toPatient(view, from), toPatient(view, to))),
    });
  }

  private viewOf(name: PlaneName, { planes, zooms }: MprState): PlaneView {
    const { width = 1, height = 1 } = this.parts.get(name)?.cell.size ?? {};
    const corners = this.base ? cornersOf(this.base.plan) : [];
    return {
      axes: planes.axes[name],
      center: planes.centers[name],
      width,
      height,
      millimetresPerPixel: fittingScale(standardAxes[name], corners, width, height) / zooms[name],
    };
  }

  private dress(): void {
    const { current, base } = this;
    if (!current || !base) return;
    const look: PlaneLook = {
      range: rangeOf(current.window, base.content),
      inverted: current.inverted !== base.content.isNegative,
      slab: current.slab,
      overlay: this.over && {
        range: rangeOf(this.over.window, this.over.volume.content),
        colours: this.over.colours,
        opacity: this.over.opacity,
      },
    };
    for (const { viewport } of this.parts.values()) viewport.dress(look);
  }

  private refresh(): void {
    const { current } = this;
    if (!current) return;
    setAttribute(this.element, 'data-maximised', current.maximised ? current.active : undefined);
    for (const [name, part] of this.parts) {
      setAttribute(part.cell.element, 'data-active', String(name === current.active));
      part.cell.element.hidden = current.maximised && name !== current.active;
    }
    for (const [name, part] of this.parts) if (!part.cell.element.hidden) this.show(name, part, current);
    this.changed();
  }

  private show(name: PlaneName, { cell, viewport }: Part, state: MprState): void {
    const { base } = this;
    const view = this.viewOf(name, state);
    if (!base || view.width < 1) return;
    cell.tell({ state: 'drawing' });
    viewport.place(view);
    const { crosshair } = state.planes;
    const value = valueAt(base.plan, base.values, crosshair);
    const overlay = this.over && {
      ...this.over,
      value: valueAt(this.over.volume.plan, this.over.volume.values, crosshair),
    };
    const lines = this.linesOf(view, state);
    cell.tell(attributesOf(name, state, view, value, overlay, lines));
    const half = state.slab.mode === 'slice' ? 0 : state.slab.thickness / 2 / view.millimetresPerPixel;
    cell.showCrosshair(state.words ? crosshairOn(view, state.planes, name) : undefined, half);
    cell.showLines(lines, state.chosen);
    cell.overlays.visible = state.words;
    cell.showWords(wordsOn(name, state, view, base, overlay));
  }
}

/** What the reader does with a button in the stack view, it does here. */
function toolFor(tool: HandTool): MprTool {
  return tool === 'locate' ? 'crosshair' : tool;
}

const looks = ['window', 'inverted', 'slab'] as const;

function startingState(base: LoadedVolume): MprState {
  return {
    planes: planesThrough(middleOf(base.plan)),
    zooms: { axial: 1, sagittal: 1, coronal: 1 },
    window: base.window,
    inverted: false,
    slab: { mode: 'slice', thickness: usualSlab },
    active: 'axial',
    maximised: false,
    tool: 'crosshair',
    words: true,
    lines: [],
    chosen: undefined,
  };
}
