import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { interval, isOtherPatient } from './samePatient';
import { value } from './testing';

const ada = {
  [Tag.PatientID]: value('P-1'),
  [Tag.PatientBirthDate]: value('19610305'),
  [Tag.PatientSex]: value('F'),
};

describe('whether images are of one patient', () => {
  test.each([
    ['the same', ada, false],
    ['without a birth date', { ...ada, [Tag.PatientBirthDate]: undefined }, false],
    ['padded', { ...ada, [Tag.PatientID]: value('P-1 ') }, false],
    ['of another ID', { ...ada, [Tag.PatientID]: value('P-2') }, true],
    ['born on another day', { ...ada, [Tag.PatientBirthDate]: value('19610306') }, true],
    ['of another sex', { ...ada, [Tag.PatientSex]: value('M') }, true],
  ])('%s', (_, other, expected) => {
    expect(isOtherPatient(ada, other)).toBe(expected);
  });
});

describe('the time between two studies', () => {
  test.each([
    ['2025-03-20', '2025-03-20', 'same day'],
    ['2025-03-20', '2025-03-10', '10 d earlier'],
    ['2025-03-20', '2024-09-20', '6 mo earlier'],
    ['2025-03-20', '2022-01-20', '3 y 2 mo earlier'],
    ['2025-03-20', '2025-04-01', '12 d later'],
    ['', '2025-04-01', ''],
  ])('from %s to %s is %s', (from, to, words) => {
    expect(interval(from, to)).toBe(words);
  });
});
