import { describe, expect, it } from 'vitest';
import { applied, inverse, throughPoints, turnOf, type Affine, type Point } from './affine';

const fitted: Affine = { a: 2, b: 0, c: 0, d: 3, e: 10, f: 20 };

/** Rotated clockwise by so many degrees on a screen whose y runs down, then flipped if wanted. */
function turned(degrees: number, flipped: boolean): Affine {
  const angle = (degrees * Math.PI) / 180;
  const sign = flipped ? -1 : 1;
  return {
    a: sign * Math.cos(angle),
    b: Math.sin(angle),
    c: sign * -Math.sin(angle),
    d: Math.cos(angle),
    e: 0,
    f: 0,
  };
}

describe('where an image lies on the screen', () => {
  it('is undone by its inverse', () => {
    const back = inverse(fitted);
    expect(applied(fitted, [1, 1])).toEqual([12, 23]);
    const [x, y] = applied(back ?? fitted, [12, 23]);
    expect([x, y].map((coordinate) => Number(coordinate.toFixed(9)))).toEqual([1, 1]);
    expect(inverse({ ...fitted, a: 0 })).toBeUndefined();
  });

  it('follows from three points', () => {
    const from: [Point, Point, Point] = [
      [1, 1],
      [4, 2],
      [0, 5],
    ];
    const [first, second, third] = from;
    const found = throughPoints(from, [
      applied(fitted, first),
      applied(fitted, second),
      applied(fitted, third),
    ]);
    for (const part of ['a', 'b', 'c', 'd', 'e', 'f'] as const)
      expect(found?.[part]).toBeCloseTo(fitted[part]);
  });

  it.each([0, 90, 180, 270] as const)('tells a rotation by %d degrees, flipped or not', (rotation) => {
    for (const flipped of [false, true])
      expect(turnOf(turned(rotation, flipped))).toEqual({ rotation, flipped });
  });
});
