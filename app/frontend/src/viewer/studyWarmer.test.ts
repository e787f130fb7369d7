import { afterEach, describe, expect, test, vi } from 'vitest';
import { DicomWebClient } from '../dicomweb/client';
import type { DicomObject } from '../dicomweb/json';
import { isMetered } from './metered';
import { warmStudy } from './studyWarmer';
import { studyAfter } from './worklistNeighbour';

function series(uid: string, modality: string, number: number): DicomObject {
  return {
    '0020000E': { vr: 'UI', Value: [uid] },
    '00080060': { vr: 'CS', Value: [modality] },
    '00200011': { vr: 'IS', Value: [number] },
  };
}

function image(number: number): DicomObject {
  return {
    '00080016': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
    '00080018': { vr: 'UI', Value: [`9.${number}`] },
    '0020000D': { vr: 'UI', Value: ['1.2'] },
    '0020000E': { vr: 'UI', Value: ['1.2.1'] },
    '00200013': { vr: 'IS', Value: [number] },
    '00280010': { vr: 'US', Value: [4] },
    '00280011': { vr: 'US', Value: [4] },
    '00280100': { vr: 'US', Value: [16] },
    '7FE00010': { vr: 'OW', BulkDataURI: '/x' },
  };
}

function answering(answers: Record<string, unknown>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const found = Object.entries(answers).find(([end]) => url.endsWith(end));
    return Promise.resolve(found ? Response.json(found[1]) : new Response('frame'));
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a study that may be opened next', () => {
  test('is asked for its series, then the metadata and first images of those with images', async () => {
    const list = [series('1.2.2', 'SR', 1), series('1.2.1', 'CT', 2), series('1.2.3', 'CT', 3)];
    const images = Array.from({ length: 9 }, (_, index) => image(index + 1));
    const asked = answering({ '/series': list, '/metadata': images });
    await warmStudy(new DicomWebClient('/dw'), '1.2', new AbortController().signal);
    expect(asked.slice(0, 3)).toEqual([
      '/dw/studies/1.2/series',
      '/dw/studies/1.2/series/1.2.1/metadata',
      '/dw/studies/1.2/series/1.2.1/instances/9.1/frames/1',
    ]);
    expect(asked.filter((url) => url.includes('/frames/'))).toHaveLength(7);
    expect(asked.some((url) => url.includes('1.2.2'))).toBe(false);
  });

  test('is the one that the worklist names, none at its end', async () => {
    const next = { studyUid: '1.3', viewerUrl: '/viewer/1.3' };
    answering({ '/a': { next }, '/b': { next: null } });
    expect(await studyAfter('/a')).toEqual(next);
    expect(await studyAfter('/b')).toBeUndefined();
  });
});

describe('nothing is fetched ahead', () => {
  test.each([{ saveData: true }, { type: 'cellular' }, { effectiveType: '3g' }])('on %o', (connection) => {
    expect(isMetered(connection)).toBe(true);
  });

  test.each([undefined, {}, { type: 'ethernet', effectiveType: '4g', saveData: false }])(
    'but on %o it is',
    (connection) => {
      expect(isMetered(connection)).toBe(false);
    },
  );
});
