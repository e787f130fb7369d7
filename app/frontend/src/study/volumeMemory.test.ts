import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import type { Frame } from './frame';
import { frame, value } from './testing';
import type { VolumePlan } from './volumeGeometry';
import { memoryNeed, sizeText, valueKind, verdictOn, type DeviceLimits } from './volumeMemory';

const megabyte = 1024 * 1024;
const limits: DeviceLimits = { textureSide: 2048, budget: 1280 * megabyte, has16BitTextures: true };

function planOf(slices: number, side = 512): VolumePlan {
  return {
    frames: Array.from({ length: slices }, () => frame()),
    dimensions: [side, side, slices],
    spacing: [0.7, 0.7, 1],
    origin: [0, 0, 0],
    axes: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    space: '1.2',
    step: 1,
  };
}

function framesWith(more: DicomObject): Frame[] {
  return [frame(more)];
}

describe('the type of the values', () => {
  const rescaled = (stored: number, isSigned: number, slope: number, intercept: number): DicomObject => ({
    [Tag.BitsStored]: value(stored),
    [Tag.PixelRepresentation]: value(isSigned),
    [Tag.RescaleSlope]: value(slope),
    [Tag.RescaleIntercept]: value(intercept),
  });

  it.each([
    ['Uint8', rescaled(8, 0, 1, 0)],
    ['Int16', rescaled(12, 0, 1, -1024)],
    ['Int16', rescaled(16, 1, 1, 0)],
    ['Uint16', rescaled(16, 0, 1, 0)],
    ['Float32', rescaled(16, 1, 1, -1024)],
    ['Float32', rescaled(12, 0, 0.25, 0)],
  ])('is the narrowest that holds them: %s', (kind, more) => {
    expect(valueKind(framesWith(more), 1)).toBe(kind);
  });

  it('follows a factor such as that of SUV', () => {
    expect(valueKind(framesWith(rescaled(12, 0, 1, 0)), 0.001)).toBe('Float32');
  });
});

describe('the memory that a volume needs', () => {
  it('is that of its voxels, here and on the graphics card', () => {
    expect(memoryNeed(planOf(500), 'Int16', limits)).toEqual({
      memory: 250 * megabyte,
      graphics: 250 * megabyte,
    });
  });

  it('doubles on a graphics card without 16-bit textures', () => {
    const need = memoryNeed(planOf(500), 'Int16', { ...limits, has16BitTextures: false });
    expect(need).toEqual({ memory: 250 * megabyte, graphics: 500 * megabyte });
  });

  it('is found to fit', () => {
    expect(verdictOn(planOf(500), 'Int16', limits).problem).toBeUndefined();
  });

  it('is refused beyond the budget, with the thinning that helps', () => {
    const verdict = verdictOn(planOf(4000, 640), 'Int16', { ...limits, textureSide: 4096 });
    expect(verdict.problem).toBe('It needs 3.1 GB of memory; this browser has about 1.3 GB for it.');
    expect(verdict.step).toBe(3);
  });

  it('counts what other volumes take', () => {
    expect(verdictOn(planOf(500), 'Int16', limits, 1200 * megabyte).problem).toContain('about 80 MB');
  });

  it('is refused beyond the side of a texture, where thinning helps along the slices only', () => {
    const long = verdictOn(planOf(3000, 64), 'Int16', limits);
    expect(long.problem).toContain('64 × 64 × 3000 voxels');
    expect(long.step).toBe(2);
    expect(verdictOn(planOf(10, 4096), 'Int16', limits).step).toBeUndefined();
  });

  it('is told in round numbers', () => {
    expect([sizeText(327_680), sizeText(262_144_000), sizeText(2_147_483_648)]).toEqual([
      '0.3 MB',
      '250 MB',
      '2.0 GB',
    ]);
  });
});
