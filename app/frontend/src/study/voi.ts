/** Between a window, as people name it, and the range of values it spans (PS3.3 C.11.2.1.2). */

import type { Frame, Window } from './frame';

export interface ValueRange {
  lower: number;
  upper: number;
}

type Rounding = Pick<Frame, 'voiLutFunction'>;

export function rangeOf({ center, width }: Window, { voiLutFunction }: Rounding): ValueRange {
  if (voiLutFunction === 'LINEAR_EXACT') return { lower: center - width / 2, upper: center + width / 2 };
  return { lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 };
}

export function windowOf({ lower, upper }: ValueRange, { voiLutFunction }: Rounding): Window {
  if (voiLutFunction === 'LINEAR_EXACT') return { center: (lower + upper) / 2, width: upper - lower };
  return { center: (lower + upper + 1) / 2, width: upper - lower + 1 };
}
