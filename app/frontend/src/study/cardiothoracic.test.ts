import { describe, expect, it } from 'vitest';
import { cardiothoracicOf } from './cardiothoracic';
import type { Vector } from './vector';

const thorax: Vector[] = [
  [0, 0, 0],
  [300, 0, 0],
];
const heart: Vector[] = [
  [80, 40, 0],
  [230, 40, 0],
];

describe('the cardiothoracic ratio', () => {
  it('is that of the smaller to the greater diameter, whichever was drawn first', () => {
    const expected = { heart: 150, thorax: 300, ratio: 50 };
    expect(cardiothoracicOf([...thorax, ...heart])).toEqual(expected);
    expect(cardiothoracicOf([...heart, ...thorax])).toEqual(expected);
  });

  it('measures slanted diameters along themselves', () => {
    const slanted: Vector[] = [
      [0, 0, 0],
      [30, 40, 0],
    ];
    expect(cardiothoracicOf([...thorax, ...slanted])?.heart).toBe(50);
  });

  it('is none while the second diameter is missing or the first is a point', () => {
    expect(cardiothoracicOf(thorax)).toBeUndefined();
    expect(cardiothoracicOf(Array<Vector>(4).fill([1, 1, 1]))).toBeUndefined();
  });
});
