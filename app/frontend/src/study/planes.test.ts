import { describe, expect, it } from 'vitest';
import {
  cutOn,
  fittingScale,
  movedTo,
  obliquity,
  panned,
  placeOf,
  planeNames,
  planesThrough,
  rightOf,
  standardAxes,
  toPatient,
  toScreen,
  turnedIn,
  type PlaneView,
  type Planes,
} from './planes';
import { dot, subtract, type Vector } from './vector';

const start = planesThrough([10, 20, 30]);
const rightAngle = Math.PI / 2;

function expectVector(actual: Vector, expected: Vector): void {
  actual.forEach((value, axis) => {
    expect(value).toBeCloseTo(expected[axis] ?? NaN, 9);
  });
}

function expectSound({ axes, centers, crosshair }: Planes): void {
  for (const name of planeNames) {
    expect(dot(axes[name].normal, axes[name].up)).toBeCloseTo(0, 12);
    expect(dot(subtract(centers[name], crosshair), axes[name].normal)).toBeCloseTo(0, 9);
  }
  expect(dot(axes.axial.normal, axes.coronal.normal)).toBeCloseTo(0, 12);
  expect(dot(axes.axial.normal, axes.sagittal.normal)).toBeCloseTo(0, 12);
  expect(dot(axes.sagittal.normal, axes.coronal.normal)).toBeCloseTo(0, 12);
}

describe('the three planes', () => {
  it('lie as the reading room expects them', () => {
    expectVector(rightOf(standardAxes.axial), [1, 0, 0]);
    expectVector(rightOf(standardAxes.sagittal), [0, 1, 0]);
    expectVector(rightOf(standardAxes.coronal), [1, 0, 0]);
  });

  it('go through the point they are moved to, and show what they showed', () => {
    const moved = movedTo(panned(start, 'axial', [5, 0, 0]), [12, 25, 33]);
    expectVector(moved.centers.axial, [15, 20, 33]);
    expectVector(moved.centers.sagittal, [12, 20, 30]);
    expectVector(moved.centers.coronal, [10, 25, 30]);
    expectSound(moved);
  });

  it('turn about the crosshair at right angles to each other', () => {
    const oblique = turnedIn(turnedIn(start, 'axial', 0.3), 'coronal', -0.7);
    expectSound(oblique);
    expect(obliquity(oblique, 'axial')).toBeCloseTo((0.7 * 180) / Math.PI, 6);
    expect(obliquity(start, 'sagittal')).toBe(0);
  });

  it('turn counter-clockwise as the reader sees it', () => {
    const turned = turnedIn(start, 'axial', rightAngle);
    expectVector(turned.axes.sagittal.normal, [0, -1, 0]);
    expectVector(turned.axes.coronal.normal, [-1, 0, 0]);
    const view: PlaneView = {
      axes: start.axes.axial,
      center: [0, 0, 0],
      width: 2,
      height: 2,
      millimetresPerPixel: 1,
    };
    const eighth = turnedIn(start, 'axial', rightAngle / 2);
    const [x, y] = cutOn(view, eighth.axes.sagittal);
    // An upright line that turned counter-clockwise leans to the left: its top is on the left.
    expect(x * y).toBeGreaterThan(0);
  });

  it('turn with what was moved aside', () => {
    const turned = turnedIn(panned(start, 'sagittal', [0, 8, 0]), 'axial', rightAngle);
    expectSound(turned);
    expect(Math.hypot(...subtract(turned.centers.sagittal, turned.crosshair))).toBeCloseTo(8, 9);
  });

  it('say where they are', () => {
    expect(planeNames.map((name) => placeOf(start, name))).toEqual([30, 10, 20]);
  });
});

describe('a plane on the screen', () => {
  const view: PlaneView = {
    axes: standardAxes.coronal,
    center: [10, 20, 30],
    width: 400,
    height: 300,
    millimetresPerPixel: 0.5,
  };

  it('tells the point below a pixel and back', () => {
    expectVector(toPatient(view, [200, 150]), [10, 20, 30]);
    expectVector(toPatient(view, [220, 130]), [20, 20, 40]);
    expect(toScreen(view, [20, 20, 40])).toEqual([220, 130]);
  });

  it('does so for oblique planes', () => {
    const oblique = { ...view, axes: turnedIn(turnedIn(start, 'axial', 0.4), 'sagittal', 0.2).axes.coronal };
    const [x, y] = toScreen(oblique, toPatient(oblique, [77, 250]));
    expect([x, y]).toEqual([expect.closeTo(77, 9), expect.closeTo(250, 9)]);
  });

  it('shows the whole block', () => {
    const corners: Vector[] = [
      [-100, -50, -20],
      [100, 50, 20],
    ];
    expect(fittingScale(standardAxes.axial, corners, 400, 400)).toBe(0.5);
    expect(fittingScale(standardAxes.sagittal, corners, 400, 40)).toBe(1);
  });

  it('shows the others as lines across it', () => {
    const [x, y] = cutOn(view, standardAxes.axial);
    expect([Math.abs(x), Math.abs(y)]).toEqual([1, 0]);
  });
});
