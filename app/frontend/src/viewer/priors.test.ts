import { afterEach, describe, expect, test, vi } from 'vitest';
import { mostRelevant, PriorsClient, type Prior } from './priors';

const prior: Prior = {
  studyUid: '1.2',
  viewerUrl: '/viewer/1.2',
  date: '2025-02-03',
  time: null,
  description: 'Thorax',
  modalities: ['CT'],
  bodyParts: ['CHEST'],
  seriesCount: 1,
  instanceCount: 3,
  isEarlier: true,
  isDoubtful: false,
  sameModality: true,
  sameRegion: true,
};

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('priors', () => {
  test('come as the server puts them in order', async () => {
    const asked = vi.fn(() => Promise.resolve(Response.json({ priors: [prior] })));
    vi.stubGlobal('fetch', asked);
    expect(await new PriorsClient('/viewer/1.1/priors', { send: vi.fn() }).list()).toEqual([prior]);
    expect(asked).toHaveBeenCalledWith('/viewer/1.1/priors', expect.anything());
  });

  test('the most relevant is an earlier one of the same region, of the same person for sure', () => {
    const others = [
      { ...prior, studyUid: '1', isDoubtful: true },
      { ...prior, studyUid: '2', isEarlier: false },
      { ...prior, studyUid: '3', sameRegion: false },
      { ...prior, studyUid: '4', sameModality: false },
    ];
    expect(mostRelevant(others)?.studyUid).toBe('4');
    expect(mostRelevant(others.slice(0, 3))).toBeUndefined();
  });
});
