/**
 * Whether a stack is a block of voxels, and which one (PS3.3 C.7.6.2): only then may planes be cut through it.
 *
 * A stack that is none is refused with a sentence for the reader. Nothing is straightened or filled in: a sheared or
 * gappy stack drawn as a block would show wrong angles and lengths.
 */

import type { ImageSet } from './displaySets';
import { spaceOf, type Frame } from './frame';
import { normalOf } from './sorting';
import { add, dot, length, scale, subtract, unit, type Vector } from './vector';

export type Triple = readonly [number, number, number];

export interface VolumePlan {
  /** From the first slice along the third axis on. */
  frames: readonly Frame[];
  /** Columns, rows, slices. */
  dimensions: Triple;
  /** Millimetres between columns, rows, slices. */
  spacing: Triple;
  /** Centre of the first voxel. */
  origin: Vector;
  /** Unit vectors of increasing column, row and slice index: right-handed. */
  axes: readonly [Vector, Vector, Vector];
  /** Where points are given in; volumes of the same space lie over each other. */
  space: string;
  /** 1 if each slice is used, 2 for every second one, and so on. */
  step: number;
}

export interface Refusal {
  /** A sentence for the reader. */
  refusal: string;
}

const leastSlices = 3;
/** Cosine between directions that count as the same: about a quarter of a degree. */
const sameDirection = 0.99999;
/** How far, in millimetres, a slice may lie from its place in the block: written positions are rounded. */
const placeTolerance = 0.05;
/** The same as a part of the distance between slices, which counts where that is more. */
const gapTolerance = 0.01;
/** How far slices may be shifted against each other over the whole block, as a part of a pixel. */
const shearTolerance = 0.25;

export function volumePlan(set: ImageSet): VolumePlan | Refusal {
  const [reference] = set.frames;
  const problem = reference ? sameKindProblem(set.frames, reference) : 'it holds no images';
  if (problem !== undefined || !reference?.plane) return refused(problem ?? 'its images have no position');
  const normal = normalOf(reference);
  const { pixelSpacing } = reference;
  if (!normal || !pixelSpacing) return refused('the size of its pixels is not known');
  const frames = alongNormal(set.frames, normal);
  const placing = placingProblem(frames, normal, Math.min(...pixelSpacing));
  const [first] = frames;
  if (placing !== undefined || !first?.plane) return refused(placing ?? 'its images have no position');
  return {
    frames,
    dimensions: [first.pixels.columns, first.pixels.rows, frames.length],
    spacing: [pixelSpacing[1], pixelSpacing[0], meanGap(frames, normal)],
    origin: first.plane.position,
    axes: [unit(first.plane.row), unit(first.plane.column), normal],
    space: spaceOf(first),
    step: 1,
  };
}

/** The same block with every so-manieth slice only. */
export function thinned(plan: VolumePlan, step: number): VolumePlan {
  const frames = plan.frames.filter((_, index) => index % step === 0);
  const [columns, rows] = plan.dimensions;
  const [across, down, between] = plan.spacing;
  return {
    ...plan,
    frames,
    dimensions: [columns, rows, frames.length],
    spacing: [across, down, between * step],
    step: plan.step * step,
  };
}

function refused(problem: string): Refusal {
  return { refusal: `Planes cannot be cut through this series: ${problem}. It can be read as a stack.` };
}

function sameKindProblem(frames: readonly Frame[], reference: Frame): string | undefined {
  const { pixels } = reference;
  if (frames.some((frame) => !frame.pixels.photometricInterpretation.startsWith('MONOCHROME')))
    return 'it holds colour images';
  if (frames.length < leastSlices) return `at least ${leastSlices} parallel slices are needed`;
  if (frames.some((frame) => !frame.plane)) return 'its images have no position in the patient';
  if (frames.some(({ pixels: { rows, columns } }) => rows !== pixels.rows || columns !== pixels.columns))
    return 'its images differ in size';
  if (frames.some((frame) => !samePixels(frame, reference)))
    return 'its images differ in the size of their pixels';
  if (frames.some((frame) => spaceOf(frame) !== spaceOf(reference)))
    return 'its images belong to different frames of reference';
  if (frames.some((frame) => !isParallel(frame, reference))) return 'its images are not parallel';
  return undefined;
}

function samePixels(frame: Frame, reference: Frame): boolean {
  const [a, b] = [frame.pixelSpacing, reference.pixelSpacing];
  if (!a || !b) return a === b;
  return [0, 1].every((axis) => Math.abs((a[axis] ?? 0) - (b[axis] ?? 0)) < 1e-4);
}

function isParallel({ plane }: Frame, { plane: reference }: Frame): boolean {
  if (!plane || !reference) return false;
  return dot(plane.row, reference.row) > sameDirection && dot(plane.column, reference.column) > sameDirection;
}

function heightOf(frame: Frame, normal: Vector): number {
  return frame.plane ? dot(frame.plane.position, normal) : 0;
}

function alongNormal(frames: readonly Frame[], normal: Vector): Frame[] {
  return [...frames].sort((a, b) => heightOf(a, normal) - heightOf(b, normal));
}

function meanGap(frames: readonly Frame[], normal: Vector): number {
  const [first, last] = [frames[0], frames.at(-1)];
  if (!first || !last) return 0;
  return (heightOf(last, normal) - heightOf(first, normal)) / (frames.length - 1);
}

function placingProblem(frames: readonly Frame[], normal: Vector, pixel: number): string | undefined {
  const gap = meanGap(frames, normal);
  const start = frames[0]?.plane?.position;
  if (!start) return 'its images have no position in the patient';
  const heights = frames.map((frame) => heightOf(frame, normal));
  const gaps = heights.slice(1).map((height, index) => height - (heights[index] ?? 0));
  if (gaps.some((each) => each < Math.min(0.01, gap / 2)))
    return 'several images lie at the same place, as in a series over time';
  const allowed = Math.max(placeTolerance, gapTolerance * gap);
  if (heights.some((height, index) => Math.abs(height - (heights[0] ?? 0) - index * gap) > allowed)) {
    return `its slices are not evenly spaced (${text(Math.min(...gaps))} to ${text(Math.max(...gaps))} mm apart)`;
  }
  const shear = Math.max(...frames.map((frame) => sideways(frame, start, normal)));
  if (shear <= shearTolerance * pixel) return undefined;
  const degrees = (Math.atan(shear / (gap * (frames.length - 1))) * 180) / Math.PI;
  return `its slices are shifted against each other, as by a gantry tilted by ${text(degrees)}°`;
}

function sideways({ plane }: Frame, start: Vector, normal: Vector): number {
  if (!plane) return 0;
  const offset = subtract(plane.position, start);
  return length(subtract(offset, scale(normal, dot(offset, normal))));
}

function text(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Where a point lies in the block, counted in voxels from the centre of the first. */
export function toIndex({ origin, axes, spacing }: VolumePlan, point: Vector): Vector {
  const offset = subtract(point, origin);
  const at = (axis: 0 | 1 | 2): number => dot(offset, axes[axis]) / spacing[axis];
  return [at(0), at(1), at(2)];
}

export function toPoint({ origin, axes, spacing }: VolumePlan, index: Vector): Vector {
  return ([0, 1, 2] as const).reduce<Vector>(
    (point, axis) => add(point, scale(axes[axis], index[axis] * spacing[axis])),
    origin,
  );
}

/** The nearest point of the block: planes outside of it would be empty. */
export function withinVolume(plan: VolumePlan, point: Vector): Vector {
  const index = toIndex(plan, point);
  const held = (axis: 0 | 1 | 2): number => Math.min(plan.dimensions[axis] - 1, Math.max(0, index[axis]));
  return toPoint(plan, [held(0), held(1), held(2)]);
}

/** The centre of the voxel in the middle. */
export function middleOf(plan: VolumePlan): Vector {
  const half = (axis: 0 | 1 | 2): number => Math.floor((plan.dimensions[axis] - 1) / 2);
  return toPoint(plan, [half(0), half(1), half(2)]);
}

/** The centres of the eight voxels at the corners. */
export function cornersOf(plan: VolumePlan): Vector[] {
  const [x, y, z] = plan.dimensions.map((count) => count - 1) as [number, number, number];
  return [0, x].flatMap((i) => [0, y].flatMap((j) => [0, z].map((k) => toPoint(plan, [i, j, k]))));
}

/** Distance in millimetres between voxels in a direction: how far one step of scrolling goes. */
export function spacingAlong({ axes, spacing }: VolumePlan, direction: Vector): number {
  const parts = ([0, 1, 2] as const).map((axis) => Math.abs(dot(axes[axis], direction)) / spacing[axis]);
  return 1 / Math.max(...parts);
}
