/** From a value to its grey: windows and look-up tables (PS3.3 C.11.2), and the range of values that each spans. */

import type { Frame, Window } from './frame';
import { lookedUp } from './lookupTable';

export interface ValueRange {
  lower: number;
  upper: number;
}

type Rounding = Pick<Frame, 'voiLutFunction'>;

/** A window of one value is a step; the renderers want it to have some width. */
const leastRange = 0.001;

export function rangeOf({ center, width, table }: Window, frame: Rounding): ValueRange {
  if (table) return { lower: table.first, upper: table.first + table.count - 1 };
  const [middle, half] = isExact(frame) ? [center, width / 2] : [center - 0.5, (width - 1) / 2];
  const reach = Math.max(half, leastRange / 2);
  return { lower: middle - reach, upper: middle + reach };
}

export function windowOf({ lower, upper }: ValueRange, frame: Rounding): Window {
  if (isExact(frame)) return { center: (lower + upper) / 2, width: upper - lower };
  const width = upper - lower + 1;
  return { center: (lower + upper + 1) / 2, width: width - 1 < 2 * leastRange ? 1 : width };
}

/** How often the range doubles or halves over the whole height of the viewport. */
const doublings = 3;

/** Uptake is read from zero: dragging moves the upper end alone, by parts of the viewport's height, downwards less. */
export function petRange({ lower, upper }: ValueRange, down: number): ValueRange {
  return { lower, upper: lower + (upper - lower) * 2 ** (-doublings * down) };
}

/** LINEAR, which counts whole values, is meant where nothing else is said. */
function isExact({ voiLutFunction }: Rounding): boolean {
  return voiLutFunction === 'LINEAR_EXACT' || voiLutFunction === 'SIGMOID';
}

/** A point of the curve from values to greys: 0 is black, 1 is white. */
export interface CurvePoint {
  value: number;
  grey: number;
}

const sigmoidPoints = 512;
/** Windows' widths from the centre to where a sigmoid is black or white to less than a tenth of a grey. */
const sigmoidReach = 2.25;

/** The curve as points to be joined by lines; it goes on level at both ends. `entries` are those of the window's table. */
export function curveOf(window: Window, frame: Rounding, entries: Uint16Array | undefined): CurvePoint[] {
  if (window.table && entries) {
    const { first, bits } = window.table;
    const most = 2 ** bits - 1;
    return Array.from(entries, (entry, index) => ({ value: first + index, grey: Math.min(1, entry / most) }));
  }
  if (frame.voiLutFunction === 'SIGMOID') {
    const reach = sigmoidReach * window.width;
    return Array.from({ length: sigmoidPoints }, (_, index) => {
      const value = window.center + reach * ((2 * index) / (sigmoidPoints - 1) - 1);
      return { value, grey: sigmoid(window, value) };
    });
  }
  const { lower, upper } = rangeOf(window, frame);
  return [
    { value: lower, grey: 0 },
    { value: upper, grey: 1 },
  ];
}

/** The grey of a value, from 0 to 1. */
export function greyOf(
  value: number,
  window: Window,
  frame: Rounding,
  entries: Uint16Array | undefined,
): number {
  if (window.table && entries) {
    return Math.min(1, lookedUp(window.table.first, entries, value) / (2 ** window.table.bits - 1));
  }
  if (frame.voiLutFunction === 'SIGMOID') return sigmoid(window, value);
  const { lower, upper } = rangeOf(window, frame);
  return Math.min(1, Math.max(0, (value - lower) / (upper - lower)));
}

function sigmoid({ center, width }: Window, value: number): number {
  return 1 / (1 + Math.exp((-4 * (value - center)) / width));
}
