/** A place in the patient as one window tells it to another. */

import type { Frame } from './frame';
import { alike, indexNearest } from './linkedSlices';
import { normalOf } from './sorting';
import { dot, type Vector } from './vector';

export interface Place {
  frameOfReferenceUid: string;
  /** Of the slice's first pixel, in millimetres. */
  position: Vector;
  normal: Vector;
}

export function placeOf(frame: Frame | undefined): Place | undefined {
  const normal = frame && normalOf(frame);
  if (!frame?.plane || !normal || frame.frameOfReferenceUid === undefined) return undefined;
  return { frameOfReferenceUid: frame.frameOfReferenceUid, position: frame.plane.position, normal };
}

/** The slice of a stack that lies nearest to a place; undefined where the stack is of another space or direction. */
export function indexOfPlace(frames: readonly Frame[], place: Place): number | undefined {
  const [first] = frames;
  const normal = first && normalOf(first);
  if (!normal || first.frameOfReferenceUid !== place.frameOfReferenceUid) return undefined;
  return Math.abs(dot(normal, place.normal)) < alike ? undefined : indexNearest(frames, place.position);
}
