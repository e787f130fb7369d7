/** A first window for images whose header recommends none. */

import type { Frame, Window } from './frame';

const binCount = 1024;
const tail = 0.005;

interface Image {
  color: boolean;
  minPixelValue: number;
  maxPixelValue: number;
  getPixelData(): Iterable<number> & { length: number };
}

/** The full range of eight bits, else what the image holds; `rescale` leads from its pixels to the modality's values. */
export function windowWithoutHeader(frame: Frame, image: Image, rescale: Frame['rescale']): Window {
  if (image.color) return { center: 128, width: 256 };
  const { bitsStored, bitsAllocated, pixelRepresentation } = frame.pixels;
  const isPlain = frame.rescale.slope === 1 && frame.rescale.intercept === 0 && !frame.modalityTable;
  if (bitsAllocated === 1) return { center: 1, width: 2 };
  if (bitsStored <= 8 && pixelRepresentation === 0 && isPlain && !frame.pixels.isFloat) {
    return { center: 2 ** (bitsStored - 1), width: 2 ** bitsStored };
  }
  const found = windowFromPixels(image.getPixelData(), image.minPixelValue, image.maxPixelValue);
  return { center: found.center * rescale.slope + rescale.intercept, width: found.width * rescale.slope };
}

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
