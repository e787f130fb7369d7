/** A first window for images whose header recommends none. */

import type { Window } from './frame';

const binCount = 1024;
const tail = 0.005;

/** The window between the darkest and the brightest half percent of the pixels. */
export function windowFromPixels(
  pixels: Iterable<number> & { length: number },
  low: number,
  high: number,
): Window {
  if (!(high > low)) return { center: low + 0.5, width: 1 };
  const bins = new Uint32Array(binCount);
  const perBin = (high - low) / binCount;
  for (const pixel of pixels) {
    const bin = Math.min(binCount - 1, Math.floor((pixel - low) / perBin));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const wanted = pixels.length * tail;
  const lower = low + perBin * firstBinBeyond(bins, wanted);
  const upper = high - perBin * firstBinBeyond(bins.reverse(), wanted);
  const [from, to] = upper > lower ? [lower, upper] : [low, high];
  return { center: (from + to + 1) / 2, width: Math.max(1, to - from + 1) };
}

function firstBinBeyond(bins: Uint32Array, wanted: number): number {
  let seen = 0;
  const bin = bins.findIndex((count) => (seen += count) > wanted);
  return Math.max(0, bin);
}
