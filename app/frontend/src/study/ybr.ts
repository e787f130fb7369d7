/** Uncompressed 4:2:2 images, whose colour two neighbours share, as red, green and blue (PS3.3 C.7.6.3.1.2). */

import type { PixelFormat } from './frame';

/** How far from black to white and from grey to full colour: the whole byte, or the range of television. */
interface Scale {
  black: number;
  brightness: number;
  colour: number;
}

const full: Scale = { black: 0, brightness: 1, colour: 1 };
const partial: Scale = { black: 16, brightness: 255 / 219, colour: 255 / 224 };

/** Pairs of pixels stored as Y1 Y2 Cb Cr. */
export function ybrPixels(packed: Uint8Array, format: PixelFormat): Uint8Array {
  const { rows, columns, photometricInterpretation } = format;
  const { black, brightness, colour } = photometricInterpretation.startsWith('YBR_PARTIAL') ? partial : full;
  const bytes = new Uint8ClampedArray(rows * columns * 3);
  for (let pixel = 0; pixel < rows * columns; pixel += 1) {
    const pair = (pixel >> 1) * 4;
    const y = ((packed[pair + (pixel & 1)] ?? 0) - black) * brightness;
    const cb = ((packed[pair + 2] ?? 128) - 128) * colour;
    const cr = ((packed[pair + 3] ?? 128) - 128) * colour;
    bytes[pixel * 3] = y + 1.402 * cr;
    bytes[pixel * 3 + 1] = y - 0.344136 * cb - 0.714136 * cr;
    bytes[pixel * 3 + 2] = y + 1.772 * cb;
  }
  return new Uint8Array(bytes.buffer);
}
