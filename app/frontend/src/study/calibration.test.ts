import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { calibrationOf, gridSpacing, scaleBar } from './calibration';
import { frame, value } from './testing';

const region = (delta: number, unit = 3): DicomObject => ({
  [Tag.PhysicalUnitsXDirection]: value(unit),
  [Tag.PhysicalUnitsYDirection]: value(unit),
  [Tag.PhysicalDeltaX]: value(delta),
  [Tag.PhysicalDeltaY]: value(delta),
});
const without = { [Tag.PixelSpacing]: undefined };

describe('calibration', () => {
  test('of a slice is its pixel spacing', () => {
    expect(calibrationOf(frame())).toEqual({ row: 0.5, column: 0.5, source: 'image' });
  });

  test('of a radiograph holds at the detector', () => {
    const radiograph = frame({ ...without, [Tag.ImagerPixelSpacing]: value(0.2, 0.2) });
    expect(calibrationOf(radiograph)).toEqual({ row: 0.2, column: 0.2, source: 'detector' });
  });

  test('of a radiograph whose pixel spacing repeats the detector is no better', () => {
    const radiograph = frame({ [Tag.ImagerPixelSpacing]: value(0.5, 0.5) });
    expect(calibrationOf(radiograph)?.source).toBe('detector');
  });

  test('of a radiograph accounts for the stated magnification', () => {
    const radiograph = frame({
      ...without,
      [Tag.ImagerPixelSpacing]: value(0.2, 0.2),
      [Tag.EstimatedRadiographicMagnificationFactor]: value(2),
    });
    expect(calibrationOf(radiograph)).toEqual({ row: 0.1, column: 0.1, source: 'magnification' });
  });

  test('of an ultrasound image comes from its region, in centimetres', () => {
    const image = frame({ ...without, [Tag.SequenceOfUltrasoundRegions]: value(region(0.05)) });
    expect(calibrationOf(image)).toEqual({ row: 0.5, column: 0.5, source: 'ultrasound' });
  });

  test('of ultrasound regions that disagree is unknown', () => {
    const image = frame({ ...without, [Tag.SequenceOfUltrasoundRegions]: value(region(0.05), region(0.02)) });
    expect(calibrationOf(image)).toBeUndefined();
  });

  test('of a Doppler curve does not count', () => {
    const image = frame({ ...without, [Tag.SequenceOfUltrasoundRegions]: value(region(0.05), region(1, 4)) });
    expect(calibrationOf(image)?.row).toBe(0.5);
  });

  test('may be unknown while the shape of the pixels is not', () => {
    const image = frame({ ...without, [Tag.PixelAspectRatio]: value(2, 1) });
    expect(calibrationOf(image)).toBeUndefined();
    expect(gridSpacing(image)).toEqual([2, 1]);
  });
});

describe('the scale bar', () => {
  test.each([
    [0.5, 300, 200, '10 cm'],
    [0.5, 120, 100, '5 cm'],
    [0.05, 300, 200, '1 cm'],
    [0.05, 150, 100, '5 mm'],
    [0.001, 300, 200, '0.2 mm'],
  ])('for pixels of %d mm and room for %d is %d long', (size, room, pixels, label) => {
    const bar = scaleBar(size, room, 'image');
    expect(bar?.pixels).toBeCloseTo(pixels, 6);
    expect(bar?.label).toBe(label);
  });

  test('says when it holds at the detector only', () => {
    expect(scaleBar(0.5, 300, 'detector')?.label).toBe('10 cm at the detector');
  });

  test('is left out for a size that makes no sense', () => {
    expect(scaleBar(0, 300, 'image')).toBeUndefined();
    expect(scaleBar(Number.NaN, 300, 'image')).toBeUndefined();
  });
});
