import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { framesOf } from './frame';
import { sortFrames } from './sorting';
import { slice, value } from './testing';

const order = (...instances: DicomObject[]): [string, (number | undefined)[]] => {
  const sorted = sortFrames(instances.flatMap(framesOf));
  return [sorted.order, sorted.frames.map(({ instanceNumber }) => instanceNumber)];
};

describe('the order of a stack', () => {
  test('follows the position, not the order of arrival', () => {
    expect(order(slice(3, 20), slice(1, 0), slice(2, 10))).toEqual(['position', [1, 2, 3]]);
  });

  test('follows the position where the numbers are shuffled', () => {
    expect(order(slice(1, 0), slice(9, 10), slice(4, 20), slice(12, 30))).toEqual([
      'position',
      [1, 9, 4, 12],
    ]);
  });

  test('begins with the image that the modality numbered first', () => {
    expect(order(slice(1, 20), slice(2, 10), slice(3, 0))).toEqual(['position', [1, 2, 3]]);
  });

  test('is that of the numbers where two slices share a place', () => {
    expect(order(slice(3, 0), slice(1, 0), slice(2, 10))).toEqual(['number', [1, 2, 3]]);
  });

  test('is that of the numbers where the slices are not parallel', () => {
    const tilted = slice(1, 30, { [Tag.ImageOrientationPatient]: value(1, 0, 0, 0, 0, -1) });
    expect(order(slice(2, 0), tilted, slice(3, 10))).toEqual(['number', [1, 2, 3]]);
  });

  test('is that of the numbers where there is no geometry; what has none comes last', () => {
    const flat = (number: number | undefined): DicomObject => ({
      ...slice(number ?? 0, 0),
      [Tag.InstanceNumber]: number === undefined ? undefined : value(number),
      [Tag.ImagePositionPatient]: undefined,
    });
    expect(order(flat(undefined), flat(2), flat(1))).toEqual(['number', [1, 2, undefined]]);
  });
});
