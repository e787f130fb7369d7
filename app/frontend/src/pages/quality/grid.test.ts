import { describe, expect, it } from 'vitest';
import { chosenInWords, isArrow, neighbour } from './grid';

/** Two series: one of three images in two rows, one of two. */
const spots = [
  { left: 0, top: 0 },
  { left: 100, top: 0 },
  { left: 0, top: 100 },
  { left: 0, top: 300 },
  { left: 100, top: 300 },
];

describe('the grid of images', () => {
  it.each([
    [0, 'ArrowRight', 1],
    [1, 'ArrowRight', 2],
    [4, 'ArrowRight', 4],
    [0, 'ArrowLeft', 0],
    [2, 'ArrowLeft', 1],
    [1, 'ArrowDown', 2],
    [2, 'ArrowDown', 3],
    [3, 'ArrowDown', 3],
    [4, 'ArrowUp', 2],
    [2, 'ArrowUp', 0],
    [1, 'ArrowUp', 1],
  ] as const)('leads from %i by %s to %i', (from, arrow, to) => {
    expect(neighbour(spots, from, arrow)).toBe(to);
  });

  it('stays where there is nothing', () => {
    expect(neighbour([], 0, 'ArrowDown')).toBe(0);
  });

  it('knows arrows', () => {
    expect(isArrow('ArrowUp')).toBe(true);
    expect(isArrow('x')).toBe(false);
  });
});

describe('what is chosen', () => {
  it('is said in words', () => {
    expect(chosenInWords(0, 0, false)).toBe('Choose images');
    expect(chosenInWords(1, 0, false)).toBe('1 image chosen');
    expect(chosenInWords(3, 2, false)).toBe('2 whole series and 3 images chosen');
    expect(chosenInWords(3, 2, true)).toBe('The whole study is chosen');
  });
});
