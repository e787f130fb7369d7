/** Stored pixels brought into a form that the decoders draw rightly; what they can do themselves is left to them. */

import { CorruptDataError } from '../dicomweb/errors';
import type { PixelFormat } from './frame';
import { alwaysByPixel, bigEndian, colourOnceDecoded, isUncompressed, jpegBaseline } from './transferSyntax';
import { ybrPixels } from './ybr';

export interface PreparedPixels {
  bytes: Uint8Array;
  /** What of the format no longer holds after the preparation. */
  changed: Partial<PixelFormat>;
}

export function preparePixels(
  bytes: Uint8Array,
  transferSyntax: string,
  format: PixelFormat,
): PreparedPixels {
  if (bytes.length === 0) throw new CorruptDataError('an empty frame');
  const decoded = {
    ...format,
    photometricInterpretation: colourOnceDecoded(format.photometricInterpretation),
  };
  const prepared = isUncompressed(transferSyntax)
    ? prepareNative(bytes, decoded, transferSyntax !== bigEndian)
    : prepareEncoded(bytes, decoded, transferSyntax);
  if (decoded.photometricInterpretation === format.photometricInterpretation) return prepared;
  const { photometricInterpretation } = decoded;
  return { ...prepared, changed: { photometricInterpretation, ...prepared.changed } };
}

function prepareEncoded(bytes: Uint8Array, format: PixelFormat, transferSyntax: string): PreparedPixels {
  const isMarked = transferSyntax === jpegBaseline && format.photometricInterpretation === 'RGB';
  return {
    bytes: isMarked ? markedAsRgb(bytes) : bytes,
    changed: alwaysByPixel(transferSyntax) ? { planarConfiguration: 0 } : {},
  };
}

function prepareNative(bytes: Uint8Array, format: PixelFormat, littleEndian: boolean): PreparedPixels {
  if (bytes.length < frameLength(format))
    throw new CorruptDataError('a frame is shorter than its size demands');
  if (format.isFloat) return asFloats(bytes, format);
  if (format.bitsAllocated === 1) return unpackedBits(bytes, format);
  if (format.photometricInterpretation.endsWith('_422')) {
    return {
      bytes: ybrPixels(bytes, format),
      changed: { photometricInterpretation: 'RGB', planarConfiguration: 0 },
    };
  }
  if (format.bitsAllocated === 8 && format.pixelRepresentation === 1) return asWords(bytes, format);
  if (format.bitsAllocated === 16 && format.samplesPerPixel > 1) return asBytes(bytes, format, littleEndian);
  if (hasSpareBits(format)) return withoutSpareBits(bytes, format, littleEndian);
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
  const samples = photometricInterpretation.endsWith('_422') ? 2 : samplesPerPixel;
  return Math.ceil((rows * columns * samples * bitsAllocated) / 8);
}

/** Numbers of 64 bits become shorter ones; what is no number becomes the least that there is. */
function asFloats(bytes: Uint8Array, { rows, columns, bitsAllocated }: PixelFormat): PreparedPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = Float32Array.from({ length: rows * columns }, (_, pixel) =>
    bitsAllocated === 64 ? view.getFloat64(pixel * 8, true) : view.getFloat32(pixel * 4, true),
  );
  const least = floats.reduce((found, number) => (number < found ? number : found), Infinity);
  const finite = floats.map((number) => (Number.isFinite(number) ? number : least));
  // A representation that is neither signed nor unsigned is how the decoder knows floating point numbers.
  return {
    bytes: new Uint8Array(finite.buffer),
    changed: { bitsAllocated: 32, bitsStored: 32, pixelRepresentation: 2 },
  };
}

/** One bit per pixel, the first pixel in the lowest bit (PS3.5 section 8.1.1). */
function unpackedBits(packed: Uint8Array, { rows, columns }: PixelFormat): PreparedPixels {
  const bytes = Uint8Array.from(
    { length: rows * columns },
    (_, pixel) => ((packed[pixel >> 3] ?? 0) >> (pixel & 7)) & 1,
  );
  return { bytes, changed: { bitsAllocated: 8, bitsStored: 8, highBit: 7 } };
}

/** Signed bytes, which the decoder would take for unsigned ones. */
function asWords(bytes: Uint8Array, { bitsStored, highBit }: PixelFormat): PreparedPixels {
  const words = Int16Array.from(bytes, (byte) => (byte << (31 - highBit)) >> (32 - bitsStored));
  return {
    bytes: new Uint8Array(words.buffer),
    changed: { bitsAllocated: 16, bitsStored: 16, highBit: 15 },
  };
}

/** Colour of more than eight bits keeps those that a screen can show. */
function asBytes(bytes: Uint8Array, { bitsStored }: PixelFormat, littleEndian: boolean): PreparedPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shift = Math.max(0, bitsStored - 8);
  const short = Uint8Array.from(
    { length: bytes.length >> 1 },
    (_, index) => view.getUint16(index * 2, littleEndian) >> shift,
  );
  return { bytes: short, changed: { bitsAllocated: 8, bitsStored: 8, highBit: 7 } };
}

/** Whether there are bits in a word that belong to something else, as old images keep overlays there. */
function hasSpareBits({ bitsAllocated, bitsStored, samplesPerPixel }: PixelFormat): boolean {
  return bitsAllocated === 16 && bitsStored < 16 && samplesPerPixel === 1;
}

function withoutSpareBits(bytes: Uint8Array, format: PixelFormat, littleEndian: boolean): PreparedPixels {
  const cleaned = bytes.slice();
  const view = new DataView(cleaned.buffer);
  const above = 31 - Math.max(format.highBit, format.bitsStored - 1);
  const isSigned = format.pixelRepresentation === 1;
  for (let at = 0; at + 1 < cleaned.length; at += 2) {
    const raised = view.getUint16(at, littleEndian) << above;
    const value = isSigned ? raised >> (32 - format.bitsStored) : raised >>> (32 - format.bitsStored);
    view.setInt16(at, value, littleEndian);
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
