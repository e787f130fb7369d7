import { describe, expect, it } from 'vitest';
import { crosshairOn, gripAt, pulled } from './crosshair';
import { planesThrough, standardAxes, type PlaneView } from './planes';
import { dot } from './vector';

const planes = planesThrough([0, 0, 0]);
const view: PlaneView = {
  axes: standardAxes.axial,
  center: [0, 0, 0],
  width: 400,
  height: 300,
  millimetresPerPixel: 0.5,
};
const shape = crosshairOn(view, planes, 'axial');

describe('the crosshair on a plane', () => {
  it('shows the two other planes through its centre', () => {
    expect(shape.center).toEqual([200, 150]);
    const directions = Object.fromEntries(
      shape.lines.map(({ of, direction }) => [of, direction.map(Math.abs)]),
    );
    expect(directions).toEqual({ sagittal: [0, 1], coronal: [1, 0] });
  });

  it('knows what the hand is on', () => {
    expect(gripAt(shape, [203, 145])).toEqual({ kind: 'center' });
    expect(gripAt(shape, [200 + 108, 153])).toEqual({ kind: 'turn' });
    expect(gripAt(shape, [260, 152])).toEqual({ kind: 'line', of: 'coronal' });
    expect(gripAt(shape, [197, 210])).toEqual({ kind: 'line', of: 'sagittal' });
    expect(gripAt(shape, [300, 220])).toEqual({ kind: 'center' });
  });

  it('comes to the hand', () => {
    const moved = pulled(planes, view, 'axial', { kind: 'center' }, [0, 0], [300, 220]);
    expect(moved.crosshair).toEqual([50, 35, 0]);
  });

  it('moves one plane by its line', () => {
    const moved = pulled(planes, view, 'axial', { kind: 'line', of: 'coronal' }, [260, 152], [290, 172]);
    expect(moved.crosshair[0]).toBeCloseTo(0, 12);
    expect(moved.crosshair[1]).toBeCloseTo(10, 12);
  });

  it('turns with the hand, as far as the hand goes', () => {
    const turned = pulled(planes, view, 'axial', { kind: 'turn' }, [300, 150], [200 + 70.71, 150 - 70.71]);
    const cosine = dot(turned.axes.coronal.normal, planes.axes.coronal.normal);
    expect(Math.acos(cosine)).toBeCloseTo(Math.PI / 4, 9);
    // Its line follows: what was on the handle still is.
    const [x, y] = crosshairOn(view, turned, 'axial').lines.find(({ of }) => of === 'coronal')?.direction ?? [
      0, 0,
    ];
    expect(Math.abs(x + y)).toBeCloseTo(0, 9);
  });

  it('turns by small pulls as by one great one', () => {
    let small = planes;
    for (let step = 0; step < 90; step += 1) {
      const at = (degrees: number): [number, number] => [
        200 + 100 * Math.cos((degrees * Math.PI) / 180),
        150 - 100 * Math.sin((degrees * Math.PI) / 180),
      ];
      small = pulled(small, view, 'axial', { kind: 'turn' }, at(step / 3), at((step + 1) / 3));
    }
    expect(Math.acos(dot(small.axes.coronal.normal, planes.axes.coronal.normal))).toBeCloseTo(Math.PI / 6, 9);
  });
});
