import { describe, expect, test } from 'vitest';
import { curveOf, greyOf, petRange, rangeOf, windowOf } from './voi';
import type { StoredTable } from './lookupTable';

const linear = { voiLutFunction: undefined };
const exact = { voiLutFunction: 'LINEAR_EXACT' };
const sigmoid = { voiLutFunction: 'SIGMOID' };
const window = { center: 100, width: 50 };
const table: StoredTable = {
  count: 3,
  first: -1,
  bits: 8,
  isSegmented: false,
  values: [],
  inline: undefined,
  bulkUri: undefined,
};
const tableWindow = { center: 0.5, width: 3, table };
const entries = Uint16Array.of(0, 51, 255);

describe('the grey of a value', () => {
  test.each([
    [linear, 75, 0],
    [linear, 99.5, 0.5],
    [linear, 124, 1],
    [exact, 75, 0],
    [exact, 100, 0.5],
    [exact, 125, 1],
    [sigmoid, 100, 0.5],
    [sigmoid, 125, 1 / (1 + Math.exp(-2))],
  ])('follows from the function (%o at %d)', (frame, value, grey) => {
    expect(greyOf(value, window, frame, undefined)).toBeCloseTo(grey, 6);
  });

  test('comes from the table, level at its ends', () => {
    expect([-9, -1, 0, 1, 9].map((value) => greyOf(value, tableWindow, linear, entries))).toEqual([
      0, 0, 0.2, 1, 1,
    ]);
  });

  test('a window of one value is a step', () => {
    const step = { center: 100, width: 1 };
    expect([99, 100].map((value) => greyOf(value, step, linear, undefined))).toEqual([0, 1]);
    expect(windowOf(rangeOf(step, linear), linear)).toEqual(step);
  });
});

describe('the curve of the greys', () => {
  test('of a window has two ends', () => {
    expect(curveOf(window, exact, undefined)).toEqual([
      { value: 75, grey: 0 },
      { value: 125, grey: 1 },
    ]);
  });

  test('of a table has a point for each entry', () => {
    expect(curveOf(tableWindow, linear, entries).map(({ value }) => value)).toEqual([-1, 0, 1]);
    expect(rangeOf(tableWindow, linear)).toEqual({ lower: -1, upper: 1 });
  });

  test('of a sigmoid reaches black and white', () => {
    const points = curveOf(window, sigmoid, undefined);
    expect(points[0]?.grey).toBeLessThan(0.001);
    expect(points.at(-1)?.grey).toBeGreaterThan(0.999);
  });
});

test('the range of uptake is dragged at its upper end, in steps of its own size', () => {
  expect(petRange({ lower: 0, upper: 7000 }, 1 / 3)).toEqual({ lower: 0, upper: 3500 });
  expect(petRange({ lower: 0, upper: 7 }, -1 / 3)).toEqual({ lower: 0, upper: 14 });
});
