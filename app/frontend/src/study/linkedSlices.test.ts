import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { framesOf, type Frame } from './frame';
import { cut, indexAt, indexNearest } from './linkedSlices';
import { indexOfPlace, placeOf } from './samePlace';
import { slice, value } from './testing';

const space: DicomObject = { [Tag.FrameOfReferenceUID]: value('1.9') };

/** 100 × 100 pixels of 1 mm from (0, 0): axial at the given heights. */
function axial(heights: readonly number[], more: DicomObject = space): Frame[] {
  const size = { [Tag.Rows]: value(100), [Tag.Columns]: value(100), [Tag.PixelSpacing]: value(1, 1) };
  return heights.flatMap((z, index) => framesOf(slice(index + 1, z, { ...size, ...more })));
}

/** A sagittal slice at the given x, 100 mm from front to back and from z = 50 down to -50. */
function sagittal(x: number, more: DicomObject = {}): Frame {
  const [frame] = axial([0], {
    ...space,
    [Tag.ImagePositionPatient]: value(x, 0, 50),
    [Tag.ImageOrientationPatient]: value(0, 1, 0, 0, 0, -1),
    ...more,
  });
  if (!frame) throw new Error('no frame');
  return frame;
}

describe('a linked slice', () => {
  const thick = axial([10, 5, 0, -5]);
  const thin = axial([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);

  test('is the nearest one in the other series, also past its end', () => {
    const source = thick.map((frame) => indexAt(thin, frame));
    expect(source).toEqual([0, 5, 10, 10]);
  });

  test('keeps the distance that the reader set', () => {
    expect(thick[1] && indexAt(thin, thick[1], 3)).toBe(2);
  });

  test('does not exist between series that run differently, or have no place', () => {
    expect(indexAt(thin, sagittal(50))).toBeUndefined();
    const [placeless] = axial([0], { [Tag.ImagePositionPatient]: value() });
    expect(placeless && indexAt(thin, placeless)).toBeUndefined();
  });

  test('is found for a point', () => {
    expect(indexNearest(thin, [3, 4, 6.4])).toBe(4);
    expect(indexNearest([sagittal(10), sagittal(20), sagittal(30)], [23, 0, 0])).toBe(1);
  });
});

describe('a reference line', () => {
  test('lies where one image cuts the other', () => {
    const [source] = axial([12]);
    expect(source && cut(source, sagittal(40))).toEqual({ from: [40, -0.5, 12], to: [40, 99.5, 12] });
  });

  test('is not drawn where the planes do not meet, run alike or belong to different spaces', () => {
    const [source] = axial([12]);
    const [parallel] = axial([0]);
    if (!source || !parallel) throw new Error('no frame');
    expect(cut(source, sagittal(140))).toBeUndefined();
    expect(cut(source, parallel)).toBeUndefined();
    expect(cut(source, sagittal(40, { [Tag.FrameOfReferenceUID]: value('1.8') }))).toBeUndefined();
    expect(cut(source, sagittal(40, { [Tag.FrameOfReferenceUID]: value() }))).toBeUndefined();
  });
});

describe('a place that another window tells', () => {
  const thin = axial([10, 9, 8, 7, 6, 5]);
  const [source] = axial([7.2]);
  const place = placeOf(source);

  test('is the nearest slice of a series of the same space that runs alike', () => {
    expect(place && indexOfPlace(thin, place)).toBe(3);
    expect(place && indexOfPlace([sagittal(10)], place)).toBeUndefined();
    expect(
      place && indexOfPlace(axial([7], { [Tag.FrameOfReferenceUID]: value('1.8') }), place),
    ).toBeUndefined();
    expect(place && indexOfPlace([], place)).toBeUndefined();
  });

  test('is none where the image says nothing of its place', () => {
    const [placeless] = axial([0], { [Tag.ImagePositionPatient]: value() });
    expect(placeOf(placeless)).toBeUndefined();
    expect(placeOf(undefined)).toBeUndefined();
  });
});
