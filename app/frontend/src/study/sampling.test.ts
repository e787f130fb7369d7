import { describe, expect, it } from 'vitest';
import { valueAt } from './sampling';
import type { VolumePlan } from './volumeGeometry';

const plan: VolumePlan = {
  frames: [],
  dimensions: [4, 3, 3],
  spacing: [2, 3, 4],
  origin: [-3, 10, 100],
  axes: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  space: '1.2',
  step: 1,
};
/** A value that grows by 2, 3 and 5 per voxel. */
const ramp = Int16Array.from({ length: 36 }, (_, at) => {
  const [i, j, k] = [at % 4, Math.floor(at / 4) % 3, Math.floor(at / 12)];
  return 2 * i + 3 * j + 5 * k - 7;
});

describe('the value at a point', () => {
  it('is that of the voxel at its centre, up to the last one', () => {
    expect(valueAt(plan, ramp, [-3, 10, 100])).toBe(-7);
    expect(valueAt(plan, ramp, [3, 16, 108])).toBe(2 * 3 + 3 * 2 + 5 * 2 - 7);
  });

  it('is linear in between', () => {
    expect(valueAt(plan, ramp, [-2, 11, 101])).toBeCloseTo(2 * 0.5 + 3 / 3 + 5 / 4 - 7, 9);
  });

  it('is none outside', () => {
    expect(valueAt(plan, ramp, [-3.1, 10, 100])).toBeUndefined();
    expect(valueAt(plan, ramp, [0, 10, 108.5])).toBeUndefined();
  });

  it('takes the axes of the block into account', () => {
    const turned: VolumePlan = {
      ...plan,
      axes: [
        [0, 1, 0],
        [-1, 0, 0],
        [0, 0, 1],
      ],
    };
    expect(valueAt(turned, ramp, [-3, 12, 100])).toBe(2 - 7);
    expect(valueAt(turned, ramp, [-6, 10, 100])).toBe(3 - 7);
  });
});
