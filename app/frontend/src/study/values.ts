/** Pixel values as arrays of numbers: their range, their padding, and how floating point numbers become whole ones. */

import type { Frame } from './frame';
import { lookedUp } from './lookupTable';

export type Values =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;

export function valueRange(values: Iterable<number>): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

export const mostSteps = 0xffff;

/** The values in 65536 steps: value = word × slope + intercept. */
export function quantised(values: Values): { words: Uint16Array; slope: number; intercept: number } {
  const { low, high } = valueRange(values);
  const slope = high > low ? (high - low) / mostSteps : 1;
  return {
    words: Uint16Array.from(values, (value) => Math.round((value - low) / slope)),
    slope,
    intercept: low,
  };
}

/** The modality's values of stored ones, by its table or its rescale (PS3.3 C.11.1). */
export function modalityValues(
  stored: Values,
  { modalityTable, rescale }: Frame,
  entries: Uint16Array | undefined,
): Values {
  if (modalityTable && entries) {
    return Uint16Array.from(stored, (value) => lookedUp(modalityTable.first, entries, value));
  }
  const { low, high } = valueRange(stored);
  const ends = [low, high].map((value) => value * rescale.slope + rescale.intercept);
  const areSmall = [...Object.values(rescale), ...ends].every(
    (end) => Number.isInteger(end) && Math.abs(end) < 0x8000,
  );
  const rescaled = (value: number): number => value * rescale.slope + rescale.intercept;
  return areSmall ? Int16Array.from(stored, rescaled) : Float32Array.from(stored, rescaled);
}

/**
 * Padding that would be bright becomes as dark as the darkest pixel of the image (PS3.3 C.7.5.1.1.2).
 *
 * `areScaled` says that the values are the modality's, while padding is told in stored ones.
 */
export function paddingInDark(values: Values, frame: Frame, areScaled: boolean): Values {
  if (!frame.padding) return values;
  const { slope, intercept } = areScaled ? frame.rescale : { slope: 1, intercept: 0 };
  const ends = frame.padding.map((end) => end * slope + intercept);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const isPadding = (value: number): boolean => value >= low && value <= high;
  const image = valueRange(values.filter((value) => !isPadding(value)));
  const darkest = frame.isNegative !== frame.rescale.slope < 0 ? image.high : image.low;
  const isBright = darkest === image.high ? low < image.high : high > image.low;
  if (!isBright || !values.some(isPadding)) return values;
  return values.map((value) => (isPadding(value) ? darkest : value));
}
