import { describe, expect, it } from 'vitest';
import { embeddedMask, maskOf, overlayPlanesOf, planeFrameOver } from './overlayPlanes';
import { value } from './testing';

const inline = (...bytes: number[]): { vr: string; InlineBinary: string } => ({
  vr: 'OW',
  InlineBinary: btoa(String.fromCharCode(...bytes)),
});

/** A plane of 2 rows and 5 columns. */
const plane = {
  '60020010': value(2),
  '60020011': value(5),
  '60020040': value('R'),
  '60020050': value(-1, 3),
  '60020022': value('Left lung'),
  '60023000': inline(0b0010_0001, 0b10),
};

describe('overlay planes', () => {
  it('are found in every group, with where they lie and what they are called', () => {
    const [first, second, ...more] = overlayPlanesOf({
      ...plane,
      '601E0010': value(1),
      '601E0011': value(8),
      '601E3000': { vr: 'OW', BulkDataURI: '/bulk' },
    });
    expect(more).toEqual([]);
    expect(first).toMatchObject({ group: 0x6002, origin: [-1, 3], type: 'R', name: 'Left lung' });
    expect(second).toMatchObject({
      group: 0x601e,
      origin: [1, 1],
      type: 'G',
      name: 'Overlay 16',
      bulkUri: '/bulk',
    });
  });

  it('begin with the lowest bit', () => {
    const [found] = overlayPlanesOf(plane);
    expect(found && [...maskOf(found, new Uint8Array([0b0010_0001, 0b10]), 0)]).toEqual([
      1, 0, 0, 0, 0, 1, 0, 0, 0, 1,
    ]);
  });

  it('hold their frames without a gap', () => {
    const [found] = overlayPlanesOf({ ...plane, '60020015': value(2), '60020051': value(3) });
    expect(found).toBeDefined();
    if (!found) return;
    expect([2, 3, 4, 5].map((frame) => planeFrameOver(found, frame))).toEqual([undefined, 0, 1, undefined]);
    const bits = new Uint8Array([0, 0b100, 0b1000]);
    expect([...maskOf(found, bits, 1)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('lie over every frame where they have one only', () => {
    const [found] = overlayPlanesOf(plane);
    expect(found && planeFrameOver(found, 7)).toBe(0);
  });

  it('may hide in the unused bits of the pixels', () => {
    const [found] = overlayPlanesOf({
      '60000010': value(1),
      '60000011': value(3),
      '60000100': value(16),
      '60000102': value(12),
    });
    expect(found?.embeddedBit).toBe(12);
    const little = new Uint8Array([0xff, 0x10, 0xff, 0x0f, 0, 0x10]);
    const swapped = new Uint8Array([0x10, 0xff, 0x0f, 0xff, 0x10, 0]);
    const layout = { bit: 12, count: 3, bitsAllocated: 16 };
    expect([...embeddedMask(little, { ...layout, bigEndian: false })]).toEqual([1, 0, 1]);
    expect([...embeddedMask(swapped, { ...layout, bigEndian: true })]).toEqual([1, 0, 1]);
  });

  it('without any bits are none', () => {
    expect(overlayPlanesOf({ '60000010': value(1), '60000011': value(3), '60000100': value(1) })).toEqual([]);
    expect(overlayPlanesOf({ '60000022': value('x') })).toEqual([]);
  });
});
