import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { frame, value } from './testing';
import { modalityValues, paddingInDark, quantised } from './values';

describe('values of the modality', () => {
  test('come from its table', () => {
    const item = {
      [Tag.LUTDescriptor]: value(3, 10, 16),
      [Tag.LUTData]: value(5, 50, 500),
    };
    const image = frame({ [Tag.ModalityLUTSequence]: value(item) });
    const found = modalityValues(Uint16Array.of(0, 11, 99), image, Uint16Array.of(5, 50, 500));
    expect([...found]).toEqual([5, 50, 500]);
  });

  test.each([
    [-1, 1000, Int16Array],
    [-0.5, 0, Float32Array],
    [-100, 0, Float32Array],
  ])('fall with a negative slope (%d)', (slope, intercept, type) => {
    const image = frame({ [Tag.RescaleSlope]: value(slope), [Tag.RescaleIntercept]: value(intercept) });
    const found = modalityValues(Uint16Array.of(0, 1000), image, undefined);
    expect([...found]).toEqual([intercept, 1000 * slope + intercept]);
    expect(found).toBeInstanceOf(type);
  });
});

test('floating point numbers keep their value within a step', () => {
  const { words, slope, intercept } = quantised(Float32Array.of(-0.5, 0, 1.5));
  expect([...words].map((word) => word * slope + intercept)).toEqual([
    -0.5,
    expect.closeTo(0, 4),
    expect.closeTo(1.5, 6),
  ]);
});

describe('padding', () => {
  const padded = (photometric: string, padding: number) =>
    frame({
      [Tag.PhotometricInterpretation]: value(photometric),
      [Tag.PixelPaddingValue]: value(padding),
    });

  test('that is dark already stays what it is', () => {
    const values = Int16Array.of(-2000, 0, 100);
    expect(paddingInDark(values, padded('MONOCHROME2', -2000), false)).toBe(values);
    expect(paddingInDark(values, padded('MONOCHROME2', 7), false)).toBe(values);
  });

  test('that would be bright is as dark as the image gets', () => {
    const values = Uint16Array.of(0, 500, 4095);
    expect([...paddingInDark(values, padded('MONOCHROME2', 4095), false)]).toEqual([0, 500, 0]);
    expect([...paddingInDark(values, padded('MONOCHROME1', 0), false)]).toEqual([4095, 500, 4095]);
  });

  test('is told in stored values', () => {
    const image = frame({
      [Tag.PixelPaddingValue]: value(4095),
      [Tag.RescaleIntercept]: value(-1000),
    });
    expect([...paddingInDark(Int16Array.of(-1000, 0, 3095), image, true)]).toEqual([-1000, 0, -1000]);
  });
});
