/** How the images of one stack are shaded: the window or table in use, and whether dark and bright are exchanged. */

import { utilities, type Types } from '@cornerstonejs/core';
import { windowWithoutHeader } from '../study/autoWindow';
import type { Frame, Window } from '../study/frame';
import { rangeOf, windowOf, type ValueRange } from '../study/voi';
import type { Rendering } from './engine';
import { isScaled } from './values';
import type { ViewState } from './viewState';
import { applyToCpu, applyToGpu } from './voiLook';

export type ShadeState = Pick<ViewState, 'window' | 'windowIsDefault' | 'recommended' | 'inverted'>;

const asItIs: Frame['rescale'] = { slope: 1, intercept: 0 };
/** Ranges that differ by less than this part of their width are the same to the eye. */
const tolerance = 1e-4;

export class StackLook {
  private inverted = false;
  private chosen: Window | undefined;
  /** Which of the windows that the header recommends. */
  private recommended = 0;
  private readonly fallbacks = new Map<boolean, Window>();
  private shown: Window | undefined;
  private applied: ValueRange | undefined;

  constructor(private readonly rendering: Rendering) {}

  get state(): ShadeState {
    const isRecommended = this.chosen === undefined;
    return {
      window: this.shown,
      windowIsDefault: isRecommended && this.recommended === 0,
      recommended: isRecommended ? this.recommended : undefined,
      inverted: this.inverted,
    };
  }

  /** Another stack: nothing of this one counts for it. */
  clear(): void {
    this.reset();
    this.fallbacks.clear();
    this.shown = undefined;
    this.applied = undefined;
  }

  /** As the stack was first shown. */
  reset(): void {
    this.inverted = false;
    this.recommend(0);
  }

  choose(window: Window): void {
    this.chosen = window;
  }

  /** For every image, the window or table that its header recommends at this place. */
  recommend(place: number): void {
    this.chosen = undefined;
    this.recommended = place;
  }

  invert(): void {
    this.inverted = !this.inverted;
  }

  /** The first image without a recommended window decides for the others; colour ones stay what they are. */
  noteImage(image: Types.IImage): void {
    const frame = this.rendering.registry.frame(image.imageId);
    if (!frame || frame.windows.length > 0 || this.fallbacks.has(image.color)) return;
    this.fallbacks.set(image.color, windowWithoutHeader(frame, image, this.rescaleOf(image, frame)));
  }

  /** Window and inversion belong to the stack, so each image gets them anew. */
  apply(viewport: Types.IStackViewport, image: Types.IImage, frame: Frame): void {
    const inverted = this.inverted !== frame.isNegative;
    const { windows } = frame;
    const window = this.chosen ?? windows[this.recommended] ?? windows[0] ?? this.fallbacks.get(image.color);
    this.shown = window;
    if (!window) return;
    const rescale = this.rescaleOf(image, frame);
    const { lower, upper } = rangeOf(window, frame);
    this.applied = { lower: toImage(lower, rescale), upper: toImage(upper, rescale) };
    viewport.setProperties({ voiRange: this.applied, invert: inverted });
    if (image.color) return;
    const look = { window, frame, entries: this.rendering.tables.entries(window.table), inverted, rescale };
    if (this.rendering.usesCpu) applyToCpu(viewport, image, look);
    else applyToGpu(viewport, look);
  }

  /**
   * The window tool changes the viewport directly; what it chose counts for the whole stack from then on.
   *
   * True where the picture does not follow by itself, because its curve is none of the library's.
   */
  adopt(viewport: Types.IStackViewport, image: Types.IImage, frame: Frame): boolean {
    const range = viewport.getProperties().voiRange;
    if (!range || !this.applied || isSame(range, this.applied)) return false;
    const { slope, intercept } = this.rescaleOf(image, frame);
    const [lower, upper] = [range.lower, range.upper].map((end) => end * slope + intercept);
    if (lower === undefined || upper === undefined) return false;
    const isCurve = this.shown?.table !== undefined || frame.voiLutFunction === 'SIGMOID';
    this.applied = range;
    this.chosen = windowOf({ lower, upper }, frame);
    this.shown = this.chosen;
    return isCurve || this.rendering.usesCpu;
  }

  /** From what the image holds to what the modality means. */
  private rescaleOf(image: Types.IImage, frame: Frame): Frame['rescale'] {
    return isScaled(image) || image.color ? asItIs : frame.rescale;
  }
}

function toImage(value: number, { slope, intercept }: Frame['rescale']): number {
  return (value - intercept) / slope;
}

function isSame(a: ValueRange, b: ValueRange): boolean {
  const within = Math.max(Math.abs(b.upper - b.lower) * tolerance, Number.EPSILON);
  return utilities.isEqual(a.lower, b.lower, within) && utilities.isEqual(a.upper, b.upper, within);
}
