import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { windowFromPixels } from './autoWindow';
import { formatAge, formatDate, formatTime } from './format';
import { prefetchOrder } from './prefetchOrder';
import { matchingPreset, presetsFor, withPreset } from './presets';
import { seriesListOf } from './seriesList';
import { value } from './testing';
import { rangeOf, windowOf } from './voi';

describe('prefetching', () => {
  test('goes both ways from the image on display, further in the direction of travel', () => {
    expect(prefetchOrder(5, 10, 1)).toEqual([6, 7, 4, 8, 9, 3, 2, 1, 0]);
    expect(prefetchOrder(5, 10, -1)).toEqual([4, 3, 6, 2, 1, 7, 0, 8, 9]);
  });

  test('covers each image once from either end', () => {
    expect(prefetchOrder(0, 4, 1)).toEqual([1, 2, 3]);
    expect(prefetchOrder(3, 4, 1)).toEqual([2, 1, 0]);
  });

  test('stops at what the cache can hold', () => {
    expect(prefetchOrder(0, 1000, 1, 3)).toEqual([1, 2, 3]);
  });
});

describe('presets', () => {
  test('are for CT alone', () => {
    expect(presetsFor('CT').map(({ label }) => label)).toEqual([
      'Soft tissue',
      'Lung',
      'Bone',
      'Brain',
      'Liver',
      'Mediastinum',
    ]);
    expect(presetsFor('MR')).toEqual([]);
  });

  test('are recognised by their numbers', () => {
    expect(matchingPreset(presetsFor('CT'), { center: -600, width: 1500 })?.label).toBe('Lung');
    expect(matchingPreset(presetsFor('CT'), { center: 0, width: 1 })).toBeUndefined();
  });

  test('of the reader take the place of the standard ones of a modality', () => {
    const own = { CT: [], MR: [{ label: 'Bright', center: 100, width: 50, key: '1' }] };
    expect(presetsFor('CT', own)).toEqual([]);
    expect(presetsFor('MR', own).map(({ label }) => label)).toEqual(['Bright']);
    expect(presetsFor('PT', own)).toEqual([]);
  });

  test('share no key', () => {
    const wide = { label: 'Wide', center: 0, width: 4000, key: '2' };
    const added = withPreset(presetsFor('CT'), 99, wide);
    expect(added.at(-1)).toEqual(wide);
    expect(added.filter(({ key }) => key === '2')).toEqual([wide]);
    const changed = withPreset(added, 0, { ...wide, label: 'First', key: '' });
    expect(changed[0]?.label).toBe('First');
    expect(changed).toHaveLength(added.length);
    expect(changed.at(-1)?.key).toBe('2');
  });
});

describe('windows', () => {
  test('span the values that DICOM says', () => {
    expect(rangeOf({ center: 40, width: 400 }, { voiLutFunction: undefined })).toEqual({
      lower: -160,
      upper: 239,
    });
    expect(rangeOf({ center: 40, width: 400 }, { voiLutFunction: 'LINEAR_EXACT' })).toEqual({
      lower: -160,
      upper: 240,
    });
  });

  test.each(['LINEAR', 'LINEAR_EXACT', 'SIGMOID'])('come back from their range (%s)', (voiLutFunction) => {
    const window = { center: -600, width: 1500 };
    expect(windowOf(rangeOf(window, { voiLutFunction }), { voiLutFunction })).toEqual(window);
  });

  test('from pixels leave out the tails', () => {
    const pixels = Float32Array.from({ length: 10_000 }, (_, index) =>
      index < 3 ? -30_000 : 1000 + (index % 100),
    );
    const { center, width } = windowFromPixels(pixels, -30_000, 1099);
    expect(center - width / 2).toBeGreaterThan(900);
    expect(center + width / 2).toBeLessThan(1150);
  });

  test('from an even image are not empty', () => {
    expect(windowFromPixels(new Uint8Array(4), 0, 0).width).toBeGreaterThan(0);
  });
});

describe('dates and ages', () => {
  test('are written so that nobody mistakes day and month', () => {
    expect(formatDate('20260301')).toBe('2026-03-01');
    expect(formatTime('101512.5')).toBe('10:15');
    expect(formatDate('spring')).toBe('spring');
  });

  test('age is the stated one, or the one on the day of the study', () => {
    expect(formatAge('006M', undefined, undefined)).toBe('6 mo');
    expect(formatAge(undefined, '20000229', '20260228')).toBe('25 y');
    expect(formatAge(undefined, '20000229', undefined)).toBeUndefined();
  });
});

describe('the series list', () => {
  test('puts images first, then goes by number', () => {
    const series = (uid: string, modality: string, number?: number) => ({
      [Tag.SeriesInstanceUID]: value(uid),
      [Tag.Modality]: value(modality),
      [Tag.SeriesNumber]: number === undefined ? undefined : value(number),
    });
    const list = seriesListOf([
      series('d', 'CT'),
      series('c', 'SR', 1),
      series('b', 'CT', 10),
      series('a', 'CT', 9),
    ]);
    expect(list.map(({ uid }) => uid)).toEqual(['a', 'b', 'd', 'c']);
  });
});
