/** Which slices of two series belong together, and where one cuts the other (PS3.3 C.7.6.2.1.1). */

import { gridSpacing } from './calibration';
import type { Frame } from './frame';
import { normalOf } from './sorting';
import { add, dot, scale, subtract, type Vector } from './vector';

/** Cosine from which two series count as running the same way: about 15 degrees. */
export const alike = 0.966;

export interface Line {
  from: Vector;
  to: Vector;
}

/** Whether places in the patient mean the same in both images (PS3.3 C.7.4.1). */
export function sharesSpace(a: Frame, b: Frame): boolean {
  return (
    a.plane !== undefined &&
    b.plane !== undefined &&
    a.frameOfReferenceUid !== undefined &&
    a.frameOfReferenceUid === b.frameOfReferenceUid
  );
}

/** Signed distance of a slice along the given normal, in millimetres. */
export function depthAlong(frame: Frame, normal: Vector): number | undefined {
  return frame.plane && dot(frame.plane.position, normal);
}

/**
 * The slice at the same place as `source`, moved by `offset` millimetres along the normal of `source`.
 *
 * Undefined where the slices do not run the same way, or say nothing of their place.
 */
export function indexAt(frames: readonly Frame[], source: Frame, offset = 0): number | undefined {
  const normal = normalOf(source);
  const depth = normal && depthAlong(source, normal);
  const own = frames[0] && normalOf(frames[0]);
  if (!normal || depth === undefined || !own || Math.abs(dot(own, normal)) < alike) return undefined;
  return nearest(frames, normal, depth + offset);
}

/** The slice of a stack that lies nearest to a point of the patient. */
export function indexNearest(frames: readonly Frame[], point: Vector): number | undefined {
  const normal = frames[0] && normalOf(frames[0]);
  return normal && nearest(frames, normal, dot(point, normal));
}

function nearest(frames: readonly Frame[], normal: Vector, depth: number): number | undefined {
  let best: number | undefined;
  let least = Infinity;
  frames.forEach((frame, index) => {
    const own = depthAlong(frame, normal);
    const distance = own === undefined ? Infinity : Math.abs(own - depth);
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

/** Where a point lies relative to the plane of an image, in millimetres; positive on the side of the normal. */
export function distanceTo(frame: Frame, point: Vector): number | undefined {
  const normal = normalOf(frame);
  return normal && frame.plane ? dot(subtract(point, frame.plane.position), normal) : undefined;
}

/** Where the image `source` cuts the plane of `target`; undefined where it does not, or lies along it. */
export function cut(source: Frame, target: Frame): Line | undefined {
  if (!sharesSpace(source, target)) return undefined;
  const [a, b] = [normalOf(source), normalOf(target)];
  const corners = cornersOf(source);
  if (!a || !b || !corners || Math.abs(dot(a, b)) > alike) return undefined;
  const points: Vector[] = [];
  corners.forEach((corner, position) => {
    const next = corners[(position + 1) % corners.length];
    const here = distanceTo(target, corner);
    const there = next && distanceTo(target, next);
    if (!next || here === undefined || there === undefined || here > 0 === there > 0) return;
    points.push(add(corner, scale(subtract(next, corner), here / (here - there))));
  });
  const [from, to] = points;
  return from && to ? { from, to } : undefined;
}

/** The outer corners of the image's first and last pixels, round the image. */
function cornersOf(frame: Frame): Vector[] | undefined {
  if (!frame.plane) return undefined;
  const { position, row, column } = frame.plane;
  const [betweenRows, betweenColumns] = gridSpacing(frame);
  const { rows, columns } = frame.pixels;
  const at = (x: number, y: number): Vector =>
    add(position, add(scale(row, x * betweenColumns), scale(column, y * betweenRows)));
  return [at(-0.5, -0.5), at(columns - 0.5, -0.5), at(columns - 0.5, rows - 0.5), at(-0.5, rows - 0.5)];
}
