import { describe, expect, it } from 'vitest';
import { isAccident, lengthOf, lineEndMoved, lineGripAt, linesOn, type PlaneLine } from './planeLines';
import { planesThrough, standardAxes, turnedIn, type PlaneView } from './planes';

const axial: PlaneView = {
  axes: standardAxes.axial,
  center: [0, 0, 10],
  width: 400,
  height: 300,
  millimetresPerPixel: 0.5,
};
const line: PlaneLine = [
  [-30, -40, 10],
  [0, 0, 10],
];

describe('a length in a plane', () => {
  it('is the distance in the patient, whatever the zoom', () => {
    expect(lengthOf(line)).toBe(50);
    for (const millimetresPerPixel of [0.1, 2]) {
      expect(linesOn({ ...axial, millimetresPerPixel }, [line], 1)[0]?.millimetres).toBe(50);
    }
  });

  it('lies where its ends are', () => {
    expect(linesOn(axial, [line], 1)).toEqual([
      {
        index: 0,
        ends: [
          [140, 70],
          [200, 150],
        ],
        millimetres: 50,
      },
    ]);
  });

  it('is shown on its own plane alone', () => {
    expect(linesOn({ ...axial, center: [0, 0, 11] }, [line], 1.5)).toHaveLength(1);
    expect(linesOn({ ...axial, center: [0, 0, 12] }, [line], 1.5)).toHaveLength(0);
    const { axes } = turnedIn(planesThrough([0, 0, 10]), 'coronal', 0.3);
    expect(linesOn({ ...axial, axes: axes.axial }, [line], 1.5)).toHaveLength(0);
  });

  it('is drawn on a plane that was turned as on any other', () => {
    const { axes } = turnedIn(planesThrough([0, 0, 10]), 'coronal', 0.3);
    const oblique = { ...axial, axes: axes.axial };
    const drawn = lineEndMoved([line], { index: 0, end: 0 }, oblique, [260, 230]);
    const [moved] = lineEndMoved(drawn, { index: 0, end: 1 }, oblique, [200, 150]);
    expect(moved && lengthOf(moved)).toBeCloseTo(Math.hypot(60, 80) * 0.5, 9);
    expect(linesOn(oblique, moved ? [moved] : [], 0.001)).toHaveLength(1);
  });

  it('can be taken at either end, the last one drawn first', () => {
    const shown = linesOn(axial, [line, line], 1);
    expect(lineGripAt(shown, [204, 153])).toEqual({ index: 1, end: 1 });
    expect(lineGripAt(shown, [140, 70])).toEqual({ index: 1, end: 0 });
    expect(lineGripAt(shown, [170, 110])).toBeUndefined();
  });

  it('follows the hand with one end', () => {
    const [first, second] = lineEndMoved([line, line], { index: 1, end: 0 }, axial, [200, 170]);
    expect(first).toEqual(line);
    expect(second).toEqual([
      [0, 10, 10],
      [0, 0, 10],
    ]);
  });

  it('was not meant where it is shorter than a hand trembles', () => {
    expect(isAccident(axial, line)).toBe(false);
    expect(
      isAccident(axial, [
        [0, 0, 10],
        [1, 0, 10],
      ]),
    ).toBe(true);
  });
});
