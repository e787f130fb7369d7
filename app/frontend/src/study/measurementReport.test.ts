import { describe, expect, it } from 'vitest';
import { leftOutText, makingOf, summaryOf } from './measurementReport';

describe('the words about an import', () => {
  it('count what was taken over, was there and stays as it is', () => {
    const result = { takenOver: 1, alreadyThere: 2, keptAsChanged: ['Length'], notUnderstood: [] };
    expect(summaryOf(result)).toBe(
      '1 measurement taken over. 2 measurements there already. 1 measurement changed since and kept as now.',
    );
  });

  it('lead to the list of what was not understood', () => {
    const notUnderstood = [{ title: 'Lesion', reason: 'The ellipse is turned.' }];
    expect(summaryOf({ takenOver: 0, alreadyThere: 0, keptAsChanged: [], notUnderstood })).toBe(
      'Not everything could be taken over:',
    );
  });

  it('say so where nothing is new', () => {
    expect(summaryOf({ takenOver: 0, alreadyThere: 0, keptAsChanged: [], notUnderstood: [] })).toBe(
      'The report holds nothing new.',
    );
  });

  it('name time and maker as far as they are known', () => {
    const report = {
      uid: '1',
      title: 'Measurements',
      maker: 'dcmjs',
      madeAt: '2026-01-02T03:04',
      hasMeasurements: true,
    };
    expect(makingOf(report)).toBe('2026-01-02 03:04 · dcmjs');
    expect(makingOf({ ...report, madeAt: '' })).toBe('dcmjs');
  });

  it('tell what a report leaves out only where it does', () => {
    expect(leftOutText(0)).toBe('');
    expect(leftOutText(2)).toContain('2 measurements');
  });
});
