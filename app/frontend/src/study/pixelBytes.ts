/** Stored pixels brought into a form that the decoders draw rightly; what they can do themselves is left to them. */

import { CorruptDataError } from '../dicomweb/errors';
import type { PixelFormat } from './frame';

export interface PreparedPixels {
  bytes: Uint8Array;
  /** What of the format no longer holds after the preparation. */
  changed: Partial<PixelFormat>;
}

const uncompressed = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.2',
]);
const bigEndian = '1.2.840.10008.1.2.2';
const jpegBaseline = '1.2.840.10008.1.2.4.50';

export function preparePixels(
  bytes: Uint8Array,
  transferSyntax: string,
  format: PixelFormat,
): PreparedPixels {
  if (bytes.length === 0) throw new CorruptDataError('an empty frame');
  if (transferSyntax === jpegBaseline && format.photometricInterpretation === 'RGB') {
    return { bytes: markedAsRgb(bytes), changed: {} };
  }
  if (!uncompressed.has(transferSyntax)) return { bytes, changed: {} };
  if (bytes.length < frameLength(format))
    throw new CorruptDataError('a frame is shorter than its size demands');
  if (format.bitsAllocated === 1) return unpackedBits(bytes, format);
  if (format.photometricInterpretation === 'YBR_FULL_422') return fromYbr422(bytes, format);
  if (hasSpareBits(format)) return withoutSpareBits(bytes, format, transferSyntax !== bigEndian);
  return { bytes, changed: {} };
}

/** Bytes of one uncompressed frame; 4:2:2 images share their colour between two neighbours (PS3.3 C.7.6.3.1.2). */
function frameLength({
  rows,
  columns,
  samplesPerPixel,
  bitsAllocated,
  photometricInterpretation,
}: PixelFormat): number {
  const samples = photometricInterpretation === 'YBR_FULL_422' ? 2 : samplesPerPixel;
  return Math.ceil((rows * columns * samples * bitsAllocated) / 8);
}

/** One bit per pixel, the first pixel in the lowest bit (PS3.5 section 8.1.1). */
function unpackedBits(packed: Uint8Array, { rows, columns }: PixelFormat): PreparedPixels {
  const bytes = Uint8Array.from(
    { length: rows * columns },
    (_, pixel) => ((packed[pixel >> 3] ?? 0) >> (pixel & 7)) & 1,
  );
  return { bytes, changed: { bitsAllocated: 8, bitsStored: 8, highBit: 7 } };
}

/** Pairs of pixels stored as Y1 Y2 Cb Cr. */
function fromYbr422(packed: Uint8Array, { rows, columns }: PixelFormat): PreparedPixels {
  const bytes = new Uint8ClampedArray(rows * columns * 3);
  for (let pixel = 0; pixel < rows * columns; pixel += 1) {
    const pair = (pixel >> 1) * 4;
    const y = packed[pair + (pixel & 1)] ?? 0;
    const cb = (packed[pair + 2] ?? 128) - 128;
    const cr = (packed[pair + 3] ?? 128) - 128;
    bytes[pixel * 3] = y + 1.402 * cr;
    bytes[pixel * 3 + 1] = y - 0.344136 * cb - 0.714136 * cr;
    bytes[pixel * 3 + 2] = y + 1.772 * cb;
  }
  return {
    bytes: new Uint8Array(bytes.buffer),
    changed: { photometricInterpretation: 'RGB', planarConfiguration: 0 },
  };
}

/** Whether the upper bits of an unsigned word may hold something else, as old images keep overlays there. */
function hasSpareBits({
  bitsAllocated,
  bitsStored,
  pixelRepresentation,
  samplesPerPixel,
}: PixelFormat): boolean {
  return bitsAllocated === 16 && bitsStored < 16 && pixelRepresentation === 0 && samplesPerPixel === 1;
}

function withoutSpareBits(bytes: Uint8Array, format: PixelFormat, littleEndian: boolean): PreparedPixels {
  const cleaned = bytes.slice();
  const view = new DataView(cleaned.buffer);
  const shift = Math.max(0, format.highBit + 1 - format.bitsStored);
  const mask = (1 << format.bitsStored) - 1;
  for (let at = 0; at + 1 < cleaned.length; at += 2) {
    view.setUint16(at, (view.getUint16(at, littleEndian) >> shift) & mask, littleEndian);
  }
  return { bytes: cleaned, changed: { highBit: format.bitsStored - 1 } };
}

/**
 * Tells the JPEG decoder that the three components are red, green and blue.
 *
 * Without an Adobe or JFIF marker it would take them for YCbCr, whatever DICOM says about them.
 */
function markedAsRgb(jpeg: Uint8Array): Uint8Array {
  const isJpeg = jpeg[0] === 0xff && jpeg[1] === 0xd8;
  if (!isJpeg || hasColourMarker(jpeg)) return jpeg;
  const adobe = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];
  const marked = new Uint8Array(jpeg.length + adobe.length);
  marked.set(jpeg.subarray(0, 2));
  marked.set(adobe, 2);
  marked.set(jpeg.subarray(2), 2 + adobe.length);
  return marked;
}

function hasColourMarker(jpeg: Uint8Array): boolean {
  for (let at = 2; at + 3 < jpeg.length && jpeg[at] === 0xff;) {
    const marker = jpeg[at + 1] ?? 0;
    if (marker === 0xee || marker === 0xe0) return true;
    if (marker === 0xda) return false;
    at += 2 + ((jpeg[at + 2] ?? 0) << 8) + (jpeg[at + 3] ?? 0);
  }
  return false;
}
