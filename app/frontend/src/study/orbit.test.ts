import { describe, expect, it } from 'vitest';
import { directions, eyes, orbited } from './orbit';
import { rightOf } from './planes';
import { dot } from './vector';

describe('the eye around a volume', () => {
  it('sees the left side after the volume was turned to the left by a quarter', () => {
    const { normal, up } = orbited(eyes.A, -90, 0);
    expect(normal[0]).toBeCloseTo(1, 12);
    expect(up).toEqual([0, 0, 1]);
  });

  it('sees the head after the volume was tipped forwards', () => {
    const { normal } = orbited(eyes.A, 0, 90);
    expect(normal[2]).toBeCloseTo(1, 12);
  });

  it('keeps its axes at right angles', () => {
    let axes = eyes.L;
    for (let step = 0; step < 500; step += 1) axes = orbited(axes, 3.3, -1.7);
    expect(dot(axes.normal, axes.up)).toBeCloseTo(0, 9);
    expect(Math.hypot(...rightOf(axes))).toBeCloseTo(1, 9);
  });

  it('has six standard places', () => {
    for (const direction of directions)
      expect(dot(eyes[direction].normal, eyes[direction].up)).toBeCloseTo(0);
  });
});
