/** The value of a block of voxels at a point between them. */

import type { Vector } from './vector';
import { toIndex, type VolumePlan } from './volumeGeometry';

export type VoxelValues = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** How far, in voxels, a point may lie outside because of rounding. */
const slack = 1e-6;

/** Linear between the eight nearest voxels, as the planes are drawn; undefined outside of the block. */
export function valueAt(plan: VolumePlan, values: VoxelValues, point: Vector): number | undefined {
  const index = toIndex(plan, point);
  const [columns, rows] = plan.dimensions;
  const low: number[] = [];
  const share: number[] = [];
  for (const axis of [0, 1, 2] as const) {
    const last = plan.dimensions[axis] - 1;
    if (index[axis] < -slack || index[axis] > last + slack) return undefined;
    const floor = Math.min(Math.max(0, last - 1), Math.max(0, Math.floor(index[axis] + slack)));
    low.push(floor);
    share.push(Math.min(1, Math.max(0, index[axis] - floor)));
  }
  const [i = 0, j = 0, k = 0] = low;
  const [x = 0, y = 0, z = 0] = share;
  const at = (di: number, dj: number, dk: number): number =>
    values[((k + dk) * rows + j + dj) * columns + i + di] ?? 0;
  const alongRow = (dj: number, dk: number): number => mix(at(0, dj, dk), x > 0 ? at(1, dj, dk) : 0, x);
  const inSlice = (dk: number): number => mix(alongRow(0, dk), y > 0 ? alongRow(1, dk) : 0, y);
  return mix(inSlice(0), z > 0 ? inSlice(1) : 0, z);
}

function mix(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}
