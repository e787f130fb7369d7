/** The order in which a reader scrolls through a stack. */

import type { Frame } from './frame';
import { cross, dot, length, subtract, type Vector } from './vector';

const lastNumber = Number.MAX_SAFE_INTEGER;

export type Order = 'position' | 'number';

/** Cosine above which two slices count as parallel: about a quarter of a degree apart. */
const parallelCosine = 0.99999;
/** Slices closer than this, in millimetres, lie in the same place. */
const samePlace = 0.01;

/**
 * By position along the normal where all frames are parallel slices in different places, else by instance number.
 *
 * The positional order runs the way the instance numbers do, so that image 1 is the one the modality called 1.
 */
export function sortFrames(frames: readonly Frame[]): { frames: Frame[]; order: Order } {
  const byNumber = [...frames].sort(compareNumbers);
  const placed = distancesAlongNormal(byNumber);
  if (placed === undefined) return { frames: byNumber, order: 'number' };
  placed.sort((a, b) => a.distance - b.distance);
  if (placed.some((slice, index) => tooClose(slice, placed[index + 1]))) {
    return { frames: byNumber, order: 'number' };
  }
  const sorted = placed.map(({ frame }) => frame);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first && last && compareNumbers(first, last) > 0) sorted.reverse();
  return { frames: sorted, order: 'position' };
}

interface PlacedFrame {
  frame: Frame;
  distance: number;
}

function tooClose(slice: PlacedFrame, next: PlacedFrame | undefined): boolean {
  return next !== undefined && next.distance - slice.distance < samePlace;
}

function compareNumbers(a: Frame, b: Frame): number {
  return (
    (a.instanceNumber ?? lastNumber) - (b.instanceNumber ?? lastNumber) ||
    a.sopInstanceUid.localeCompare(b.sopInstanceUid, 'en', { numeric: true }) ||
    a.frameNumber - b.frameNumber
  );
}

export function normalOf(frame: Frame): Vector | undefined {
  if (!frame.plane) return undefined;
  const normal = cross(frame.plane.row, frame.plane.column);
  const size = length(normal);
  return size > 0.9 ? [normal[0] / size, normal[1] / size, normal[2] / size] : undefined;
}

function distancesAlongNormal(frames: readonly Frame[]): PlacedFrame[] | undefined {
  const reference = frames[0];
  const normal = reference && normalOf(reference);
  if (!reference?.plane || !normal || frames.length < 2) return undefined;
  const origin = reference.plane.position;
  const placed: PlacedFrame[] = [];
  for (const frame of frames) {
    const own = normalOf(frame);
    const sameSpace = frame.frameOfReferenceUid === reference.frameOfReferenceUid;
    if (!frame.plane || !own || !sameSpace || dot(own, normal) < parallelCosine) return undefined;
    placed.push({ frame, distance: dot(subtract(frame.plane.position, origin), normal) });
  }
  return placed;
}
