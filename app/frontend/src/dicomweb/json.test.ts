import { describe, expect, test } from 'vitest';
import { inlineBytes, items, number, numbers, personName, text } from './json';

describe('the DICOM JSON model', () => {
  test('numbers come as numbers or as decimal strings', () => {
    const object = {
      '00280030': { vr: 'DS', Value: [0.5, ' 0.25 '] },
      '00280010': { vr: 'US', Value: [512] },
    };
    expect(numbers(object, '00280030')).toEqual([0.5, 0.25]);
    expect(number(object, '00280010')).toBe(512);
  });

  test('a vector with a hole is no vector', () => {
    expect(numbers({ '00200032': { vr: 'DS', Value: [1, null, 3] } }, '00200032')).toEqual([]);
  });

  test('absent, empty and blank values are undefined', () => {
    const object = { '00080060': { vr: 'CS' }, '0008103E': { vr: 'LO', Value: ['  '] } };
    expect(text(object, '00080060')).toBeUndefined();
    expect(text(object, '0008103E')).toBeUndefined();
    expect(number(object, '00080060')).toBeUndefined();
    expect(text(undefined, '00080060')).toBeUndefined();
  });

  test('a name is written family first', () => {
    const object = { '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Müller^Anna^Maria^Dr.' }] } };
    expect(personName(object, '00100010')).toBe('Müller, Dr. Anna Maria');
  });

  test('a name without a Latin spelling is still shown', () => {
    const object = { '00100010': { vr: 'PN', Value: [{ Alphabetic: '', Ideographic: '山田^太郎' }] } };
    expect(personName(object, '00100010')).toBe('山田, 太郎');
  });

  test('sequence items that are null are left out', () => {
    expect(items({ '00186011': { vr: 'SQ', Value: [null, {}] } }, '00186011')).toEqual([{}]);
  });

  test('inline values are decoded', () => {
    expect(inlineBytes({ '00281201': { vr: 'OW', InlineBinary: 'AAH/' } }, '00281201')).toEqual(
      new Uint8Array([0, 1, 255]),
    );
  });
});
