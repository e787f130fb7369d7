import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf, type ImageSet } from './displaySets';
import { slice, value } from './testing';
import {
  middleOf,
  spacingAlong,
  thinned,
  toIndex,
  toPoint,
  volumePlan,
  withinVolume,
  type VolumePlan,
} from './volumeGeometry';

function setOf(instances: DicomObject[]): ImageSet {
  const [set] = displaySetsOf(instances);
  if (set?.kind !== 'images') throw new Error('no images');
  return set;
}

function planOf(instances: DicomObject[]): VolumePlan {
  const plan = volumePlan(setOf(instances));
  if ('refusal' in plan) throw new Error(plan.refusal);
  return plan;
}

function refusal(instances: DicomObject[]): string {
  const plan = volumePlan(setOf(instances));
  return 'refusal' in plan ? plan.refusal : '';
}

const position = (x: number, y: number, z: number): DicomObject => ({
  [Tag.ImagePositionPatient]: value(x, y, z),
});
const headFirst = [1, 2, 3, 4, 5].map((count) => slice(count, 10 - 2.5 * count));

describe('a regular stack', () => {
  it('is a block whose axes are right-handed, whatever the order of the images', () => {
    const plan = planOf(headFirst);
    expect(plan.dimensions).toEqual([4, 4, 5]);
    expect(plan.spacing).toEqual([0.5, 0.5, 2.5]);
    expect(plan.origin).toEqual([0, 0, -2.5]);
    expect(plan.axes[2]).toEqual([0, 0, 1]);
    expect(plan.frames.map(({ instanceNumber }) => instanceNumber)).toEqual([5, 4, 3, 2, 1]);
  });

  it('keeps rows and columns apart where pixels are not square', () => {
    const flat = headFirst.map((each) => ({ ...each, [Tag.PixelSpacing]: value(0.8, 0.5) }));
    expect(planOf(flat).spacing).toEqual([0.5, 0.8, 2.5]);
  });

  it('may lie in any direction', () => {
    const tilted = [0, 1, 2].map((count) => ({
      ...slice(count, 0, position(0, -3 * count * Math.sin(0.3), 3 * count * Math.cos(0.3))),
      [Tag.ImageOrientationPatient]: value(1, 0, 0, 0, Math.cos(0.3), Math.sin(0.3)),
    }));
    expect(planOf(tilted).spacing[2]).toBeCloseTo(3, 9);
  });

  it('tells indices from points and back', () => {
    const plan = planOf(headFirst);
    expect(toIndex(plan, [1, 0.5, 2.5])).toEqual([2, 1, 2]);
    expect(toPoint(plan, [2, 1, 2])).toEqual([1, 0.5, 2.5]);
    expect(withinVolume(plan, [100, -4, 0])).toEqual([1.5, 0, 0]);
    expect(middleOf(plan)).toEqual([0.5, 0.5, 2.5]);
  });

  it('is scrolled through by its own spacing', () => {
    const plan = planOf(headFirst);
    expect(spacingAlong(plan, [0, 0, -1])).toBeCloseTo(2.5, 9);
    expect(spacingAlong(plan, [1, 0, 0])).toBeCloseTo(0.5, 9);
    expect(spacingAlong(plan, [0, Math.SQRT1_2, Math.SQRT1_2])).toBeCloseTo(0.5 * Math.SQRT2, 9);
  });

  it('can be thinned out without moving', () => {
    const plan = thinned(planOf(headFirst), 2);
    expect(plan.dimensions).toEqual([4, 4, 3]);
    expect(plan.spacing[2]).toBe(5);
    expect(plan.origin).toEqual([0, 0, -2.5]);
    expect(plan.frames.map(({ instanceNumber }) => instanceNumber)).toEqual([5, 3, 1]);
  });

  it('may have positions that were rounded', () => {
    const rounded = [0, 0.63, 1.25, 1.88, 2.5].map((z, count) => slice(count, z));
    expect(planOf(rounded).spacing[2]).toBeCloseTo(0.625, 9);
  });
});

describe('a stack that is no block is refused', () => {
  it('with too few slices', () => {
    expect(refusal(headFirst.slice(0, 2))).toContain('at least 3 parallel slices');
  });

  it('with a missing slice', () => {
    expect(refusal(headFirst.filter((_, index) => index !== 2))).toContain(
      'not evenly spaced (2.5 to 5 mm apart)',
    );
  });

  it('with several images at one place', () => {
    expect(refusal([...headFirst, slice(6, 0)])).toContain('at the same place');
  });

  it('with a tilted gantry, whose angle is told', () => {
    const shift = Math.tan((12 * Math.PI) / 180) * 3;
    const tilted = [0, 1, 2, 3].map((count) =>
      slice(count, 3 * count, position(0, shift * count, 3 * count)),
    );
    expect(refusal(tilted)).toContain('gantry tilted by 12°');
  });

  it('with a slice in another direction', () => {
    const scout = { ...slice(9, 20), [Tag.ImageOrientationPatient]: value(0, 1, 0, 0, 0, -1) };
    expect(refusal([...headFirst, scout])).toContain('not parallel');
  });

  it('turned about its normal', () => {
    const turned = { ...slice(6, -5), [Tag.ImageOrientationPatient]: value(0, 1, 0, -1, 0, 0) };
    expect(refusal([...headFirst, turned])).toContain('not parallel');
  });

  it('with images of different sizes, pixels or spaces', () => {
    const odd = (more: DicomObject): string => refusal([...headFirst, slice(6, -5, more)]);
    expect(odd({ [Tag.Rows]: value(8) })).toContain('differ in size');
    expect(odd({ [Tag.PixelSpacing]: value(0.6, 0.6) })).toContain('size of their pixels');
    expect(odd({ [Tag.FrameOfReferenceUID]: value('1.9') })).toContain('frames of reference');
  });

  it('without positions or in colour', () => {
    expect(refusal([...headFirst, slice(6, -5, { [Tag.ImagePositionPatient]: undefined })])).toContain(
      'no position',
    );
    expect(
      refusal(headFirst.map((each) => ({ ...each, [Tag.PhotometricInterpretation]: value('RGB') }))),
    ).toContain('colour');
  });
});
