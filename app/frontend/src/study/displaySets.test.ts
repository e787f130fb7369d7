import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf, frameRateOf } from './displaySets';
import { slice, value } from './testing';

describe('display sets', () => {
  test('single images make one stack', () => {
    const sets = displaySetsOf([slice(2, 10), slice(1, 0)]);
    expect(sets).toHaveLength(1);
    expect(sets[0]).toMatchObject({ kind: 'images', isClip: false, order: 'position' });
  });

  test('each multi-frame instance is a clip of its own, in stored order', () => {
    const clip = {
      [Tag.NumberOfFrames]: value(3),
      [Tag.CineRate]: value(25),
      [Tag.ImagePositionPatient]: undefined,
    };
    const sets = displaySetsOf([slice(2, 0, clip), slice(1, 0, clip)]);
    expect(sets.map(({ id }) => id)).toEqual(['1.2.3/1.2.3.1', '1.2.3/1.2.3.2']);
    expect(sets[0]).toMatchObject({ isClip: true, frameRate: 25 });
    const first = sets[0];
    expect(first?.kind === 'images' && first.frames.map(({ frameNumber }) => frameNumber)).toEqual([1, 2, 3]);
  });

  test.each([
    ['1.2.840.10008.5.1.4.1.1.88.67', 'a structured report'],
    ['1.2.840.10008.5.1.4.1.1.88.59', 'a key object selection'],
    ['1.2.840.10008.5.1.4.1.1.104.1', 'a PDF document'],
    ['1.2.840.10008.5.1.4.1.1.9.1.1', 'a 12-lead ECG'],
    ['1.2.840.10008.5.1.4.1.1.9.7.1', 'a waveform'],
  ])('objects of class %s are named as %s', (sopClass, name) => {
    const [set] = displaySetsOf([slice(1, 0, { [Tag.SOPClassUID]: value(sopClass) })]);
    expect(set).toMatchObject({ kind: 'other', message: expect.stringContaining(name) as string });
  });

  test('a video is told apart by its transfer syntax', () => {
    const video = { [Tag.AvailableTransferSyntaxUID]: value('1.2.840.10008.1.2.4.102') };
    expect(displaySetsOf([slice(1, 0, video)])[0]).toMatchObject({ kind: 'other' });
  });

  test('a radiotherapy image is an image', () => {
    const image = { [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.481.1') };
    expect(displaySetsOf([slice(1, 0, image)])[0]).toMatchObject({ kind: 'images' });
  });

  test('images come before what is none', () => {
    const report = slice(1, 0, { [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.88.11') });
    expect(displaySetsOf([report, slice(2, 0)]).map(({ kind }) => kind)).toEqual(['images', 'other']);
  });
});

describe('the frame rate', () => {
  test('is the recommended one', () => {
    const instance = { [Tag.RecommendedDisplayFrameRate]: value(30), [Tag.FrameTime]: value(100) };
    expect(frameRateOf(instance)).toBe(30);
  });

  test('follows from the frame time', () => {
    expect(frameRateOf({ [Tag.FrameTime]: value(40) })).toBe(25);
  });

  test('follows from the frame time vector, whose first entry is no interval', () => {
    expect(frameRateOf({ [Tag.FrameTimeVector]: value(0, 50, 50, 100) })).toBe(15);
  });

  test('may be unknown', () => {
    expect(frameRateOf({})).toBeUndefined();
  });
});
