/** Overlay planes: one bit per pixel over the image, beside its pixels or in their unused bits (PS3.3 C.9.2, PS3.5 8.1.2). */

import { inlineBytes, number, numbers, text, type DicomObject } from '../dicomweb/json';

export interface OverlayPlane {
  /** 0x6000, 0x6002 … 0x601E. */
  group: number;
  rows: number;
  columns: number;
  /** Row and column of the image, from 1, under the plane's first pixel; may lie off the image. */
  origin: readonly [row: number, column: number];
  /** Graphics, or a region of interest. */
  type: 'G' | 'R';
  /** What the sender calls it. */
  name: string;
  /** Frames of the plane; undefined where the one it has lies over every frame of the image. */
  frameCount: number | undefined;
  /** The image's frame, from 1, under the plane's first frame. */
  firstFrame: number;
  /** The graphic layer that a presentation state shows it on. */
  layer: string | undefined;
  /** The bit of each stored pixel, where there is no overlay data of its own. */
  embeddedBit: number | undefined;
  inline: Uint8Array | undefined;
  bulkUri: string | undefined;
}

const firstGroup = 0x6000;
const lastGroup = 0x601e;

export function overlayPlanesOf(object: DicomObject): OverlayPlane[] {
  const planes: OverlayPlane[] = [];
  for (let group = firstGroup; group <= lastGroup; group += 2) {
    const plane = planeOf(object, group);
    if (plane) planes.push(plane);
  }
  return planes;
}

function planeOf(object: DicomObject, group: number): OverlayPlane | undefined {
  const tag = (element: string): string => group.toString(16).toUpperCase() + element;
  const rows = number(object, tag('0010'));
  const columns = number(object, tag('0011'));
  if (!rows || !columns) return undefined;
  const [row = 1, column = 1] = numbers(object, tag('0050'));
  const data = object[tag('3000')];
  const bitsAllocated = number(object, tag('0100')) ?? 1;
  const inline = inlineBytes(object, tag('3000'));
  const hasData = inline !== undefined || data?.BulkDataURI !== undefined;
  if (!hasData && bitsAllocated <= 1) return undefined;
  const label = text(object, tag('1500'));
  return {
    group,
    rows,
    columns,
    origin: [row, column],
    type: text(object, tag('0040')) === 'R' ? 'R' : 'G',
    name: text(object, tag('0022')) ?? label ?? `Overlay ${(group - firstGroup) / 2 + 1}`,
    frameCount: number(object, tag('0015')),
    firstFrame: number(object, tag('0051')) ?? 1,
    layer: text(object, tag('1001')),
    embeddedBit: hasData ? undefined : (number(object, tag('0102')) ?? 0),
    inline,
    bulkUri: data?.BulkDataURI,
  };
}

/** The plane's frame, from 0, that lies over a frame of the image; undefined where none does. */
export function planeFrameOver(plane: OverlayPlane, frameNumber: number): number | undefined {
  if (plane.frameCount === undefined || plane.embeddedBit !== undefined) return 0;
  const index = frameNumber - plane.firstFrame;
  return index >= 0 && index < plane.frameCount ? index : undefined;
}

/** One entry per pixel, row by row: 1 where the plane is set. Bits that are missing count as not set. */
export function maskOf(plane: OverlayPlane, packed: Uint8Array, planeFrame: number): Uint8Array {
  const size = plane.rows * plane.columns;
  const start = planeFrame * size;
  return Uint8Array.from({ length: size }, (_, pixel) => {
    const bit = start + pixel;
    return ((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  });
}

/** The same from the bits of stored pixels, which must not be compressed. */
export function embeddedMask(
  pixels: Uint8Array,
  {
    bit,
    count,
    bitsAllocated,
    bigEndian,
  }: { bit: number; count: number; bitsAllocated: number; bigEndian: boolean },
): Uint8Array {
  const bytes = bitsAllocated / 8;
  // Which byte of a pixel holds the bit.
  const place = bigEndian ? bytes - 1 - (bit >> 3) : bit >> 3;
  return Uint8Array.from(
    { length: count },
    (_, pixel) => ((pixels[pixel * bytes + place] ?? 0) >> (bit & 7)) & 1,
  );
}
