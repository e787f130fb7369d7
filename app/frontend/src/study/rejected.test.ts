import { describe, expect, it } from 'vitest';
import { instancesLeft, nothingRejected, reasonOf, seriesLeft, type Rejected } from './rejected';
import type { SeriesSummary } from './seriesList';

const series = (uid: string, instanceCount?: number): SeriesSummary => ({
  uid,
  number: 1,
  modality: 'DX',
  description: '',
  bodyPart: '',
  instanceCount,
});
const instance = (uid: string) => ({ '00080018': { vr: 'UI', Value: [uid] } });
const rejected: Rejected = {
  ...nothingRejected,
  count: 3,
  series: { '1.1': 'Motion' },
  images: { '1.2': { '1.2.7': 'Positioning', '1.2.8': 'Motion' } },
};

describe('rejected images', () => {
  it('are left out of the list of series, and of its counts', () => {
    const left = seriesLeft([series('1.1', 1), series('1.2', 5), series('1.2'), series('1.3', 4)], rejected);
    expect(left.map(({ uid, instanceCount }) => [uid, instanceCount])).toEqual([
      ['1.2', 3],
      ['1.2', undefined],
      ['1.3', 4],
    ]);
  });

  it('are left out of their series', () => {
    const instances = ['1.2.6', '1.2.7', '1.2.8'].map(instance);
    expect(instancesLeft(instances, '1.2', rejected)).toEqual([instances[0]]);
    expect(instancesLeft(instances, '1.3', rejected)).toEqual(instances);
  });

  it('are there when they are asked for, with their reasons', () => {
    const shown = { ...rejected, isShown: true };
    expect(seriesLeft([series('1.1')], shown)).toHaveLength(1);
    expect(instancesLeft([instance('1.2.7')], '1.2', shown)).toHaveLength(1);
    expect(reasonOf(shown, '1.1', '1.1.1')).toBe('Motion');
    expect(reasonOf(shown, '1.2', '1.2.7')).toBe('Positioning');
    expect(reasonOf(shown, '1.2', '1.2.6')).toBeUndefined();
  });
});
