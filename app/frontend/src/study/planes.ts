/**
 * Three planes through one point of the patient, always at right angles to each other: what the crosshair moves and turns.
 *
 * Everything is in millimetres of the patient's coordinate system. A plane's `normal` points at the reader, `up` to the
 * upper edge of the screen. Feet are seen from below, the left side from the left, the front from the front: as in the
 * reading room.
 */

import { add, cross, dot, negate, scale, subtract, turned, unit, type Vector } from './vector';

export const planeNames = ['axial', 'sagittal', 'coronal'] as const;
export type PlaneName = (typeof planeNames)[number];

export interface PlaneAxes {
  normal: Vector;
  up: Vector;
}

export interface Planes {
  crosshair: Vector;
  axes: Record<PlaneName, PlaneAxes>;
  /** The point in the middle of each plane's viewport: it lies in the plane. */
  centers: Record<PlaneName, Vector>;
}

export const standardAxes: Record<PlaneName, PlaneAxes> = {
  axial: { normal: [0, 0, -1], up: [0, -1, 0] },
  sagittal: { normal: [1, 0, 0], up: [0, 0, 1] },
  coronal: { normal: [0, -1, 0], up: [0, 0, 1] },
};

export function rightOf({ normal, up }: PlaneAxes): Vector {
  return cross(up, normal);
}

export function planesThrough(point: Vector): Planes {
  return {
    crosshair: point,
    axes: standardAxes,
    centers: { axial: point, sagittal: point, coronal: point },
  };
}

/** All planes go through the point; what they show moves no further than it must. */
export function movedTo(planes: Planes, point: Vector): Planes {
  return { ...planes, crosshair: point, centers: forEach((name) => ontoPlane(planes, name, point)) };
}

function ontoPlane({ axes, centers }: Planes, name: PlaneName, point: Vector): Vector {
  const { normal } = axes[name];
  return add(centers[name], scale(normal, dot(subtract(point, centers[name]), normal)));
}

/** Turns the other two planes about the crosshair, counter-clockwise on the screen of `fixed`. */
export function turnedIn(planes: Planes, fixed: PlaneName, radians: number): Planes {
  const axis = planes.axes[fixed].normal;
  const about = (center: Vector): Vector =>
    add(planes.crosshair, turned(subtract(center, planes.crosshair), axis, radians));
  return {
    crosshair: planes.crosshair,
    axes: forEach((name) =>
      name === fixed ? planes.axes[name] : turnedAxes(planes.axes[name], axis, radians),
    ),
    centers: forEach((name) => (name === fixed ? planes.centers[name] : about(planes.centers[name]))),
  };
}

function turnedAxes({ normal, up }: PlaneAxes, axis: Vector, radians: number): PlaneAxes {
  return { normal: unit(turned(normal, axis, radians)), up: unit(turned(up, axis, radians)) };
}

/** Moves what one plane's viewport shows, within the plane. */
export function panned(planes: Planes, name: PlaneName, by: Vector): Planes {
  return { ...planes, centers: { ...planes.centers, [name]: add(planes.centers[name], by) } };
}

function forEach<Value>(make: (name: PlaneName) => Value): Record<PlaneName, Value> {
  return { axial: make('axial'), sagittal: make('sagittal'), coronal: make('coronal') };
}

/** Degrees between a plane and where it started; the reader must know that `axial` is not axial any more. */
export function obliquity({ axes }: Planes, name: PlaneName): number {
  const cosine = Math.min(1, Math.abs(dot(axes[name].normal, standardAxes[name].normal)));
  return (Math.acos(cosine) * 180) / Math.PI;
}

/** One plane on the screen. */
export interface PlaneView {
  axes: PlaneAxes;
  center: Vector;
  /** CSS pixels. */
  width: number;
  height: number;
  millimetresPerPixel: number;
}

export type ScreenPoint = readonly [x: number, y: number];

export function toPatient(view: PlaneView, [x, y]: ScreenPoint): Vector {
  const across = (x - view.width / 2) * view.millimetresPerPixel;
  const upwards = (view.height / 2 - y) * view.millimetresPerPixel;
  return add(view.center, add(scale(rightOf(view.axes), across), scale(view.axes.up, upwards)));
}

export function toScreen(view: PlaneView, point: Vector): ScreenPoint {
  const offset = subtract(point, view.center);
  return [
    view.width / 2 + dot(offset, rightOf(view.axes)) / view.millimetresPerPixel,
    view.height / 2 - dot(offset, view.axes.up) / view.millimetresPerPixel,
  ];
}

/** Millimetres per pixel at which the whole block fits into the viewport. */
export function fittingScale(
  axes: PlaneAxes,
  corners: readonly Vector[],
  width: number,
  height: number,
): number {
  const extent = (direction: Vector): number => {
    const places = corners.map((corner) => dot(corner, direction));
    return Math.max(...places) - Math.min(...places);
  };
  return Math.max(extent(rightOf(axes)) / Math.max(1, width), extent(axes.up) / Math.max(1, height), 1e-6);
}

/** Where one plane cuts another: its direction on the screen of `view`, a unit vector. */
export function cutOn(view: PlaneView, other: PlaneAxes): ScreenPoint {
  const along = unit(cross(view.axes.normal, other.normal));
  return [dot(along, rightOf(view.axes)), -dot(along, view.axes.up)];
}

/** Signed distance of a plane from the origin, along the axis that its name stands for: L, P or H positive. */
export function placeOf({ axes, crosshair }: Planes, name: PlaneName): number {
  const { normal } = axes[name];
  const outward = normal.reduce((sum, value) => (Math.abs(value) > Math.abs(sum) ? value : sum), 0);
  return dot(crosshair, outward < 0 ? negate(normal) : normal);
}
