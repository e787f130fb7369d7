import { describe, expect, it } from 'vitest';
import { figuresOf, inWords, minuteStep } from './figures';

describe('the figures of a chart', () => {
  it('are the drawn columns of the table; what is absent stays absent', () => {
    const figures = figuresOf({
      headings: [
        { label: 'Modality', unit: 'text', drawn: false },
        { label: 'Reports', unit: 'count', drawn: false },
        { label: 'Median', unit: 'minutes', drawn: true },
      ],
      rows: [
        { label: 'CT', values: ['12', '90.5'] },
        { label: 'MR', values: ['0', undefined] },
      ],
    });
    expect(figures).toEqual({
      labels: ['CT', 'MR'],
      series: [{ label: 'Median', unit: 'minutes', values: [90.5, null] }],
    });
  });

  it.each([
    [45, '45 min'],
    [59.7, '1 h 0 min'],
    [200, '3 h 20 min'],
    [1440 * 2 + 61, '2 d 1 h'],
  ])('%d minutes are %s', (minutes, words) => {
    expect(inWords(minutes, 'minutes')).toBe(words);
  });

  it('count in words of their unit', () => {
    expect(inWords(12345, 'count')).toBe('12,345');
    expect(inWords(3.14159, 'percent')).toBe('3.1 %');
  });

  it('have at most six steps of minutes', () => {
    expect([20, 90, 1000, 10000].map(minuteStep)).toEqual([5, 15, 240, 2880]);
  });
});
