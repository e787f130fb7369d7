import { expect, test } from 'vitest';
import { sizeInWords, timeInWords } from './remarks';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [9960, '10 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12 MB'],
  [2_500_000_000, '2.5 GB'],
])('%i bytes are %s', (bytes, words) => {
  expect(sizeInWords(bytes)).toBe(words);
});

test('a time of today needs no date', () => {
  const now = new Date(2025, 3, 2, 17, 0);
  expect(timeInWords(new Date(2025, 3, 2, 9, 5).toISOString(), now)).toBe('today 09:05');
  expect(timeInWords(new Date(2025, 3, 1, 23, 59).toISOString(), now)).toBe('2025-04-01 23:59');
});
