/** What a volume takes in memory, and whether a browser has room for it: asked before the first byte is fetched. */

import type { Frame } from './frame';
import { thinned, type VolumePlan } from './volumeGeometry';

export type ValueKind = 'Uint8' | 'Int16' | 'Uint16' | 'Float32';

export interface DeviceLimits {
  /** Voxels along one side of a texture that the graphics card takes. */
  textureSide: number;
  /** Bytes that volumes may take in memory, and on the graphics card. */
  budget: number;
  /** Whether 16-bit values stay 16-bit on the graphics card; else it gets them as 32-bit floating point. */
  has16BitTextures: boolean;
}

export interface MemoryNeed {
  memory: number;
  graphics: number;
}

export interface Verdict {
  need: MemoryNeed;
  /** Why it does not fit, for the reader; undefined where it does. */
  problem: string | undefined;
  /** Taking every so-manieth slice it would fit; undefined where that does not help either. */
  step: number | undefined;
}

const bytesPerValue: Record<ValueKind, number> = { Uint8: 1, Int16: 2, Uint16: 2, Float32: 4 };
const mostThinning = 8;

/** The narrowest type that holds every value of these frames after rescaling by slope and intercept. */
export function valueKind(frames: readonly Frame[], factor: number): ValueKind {
  let [low, high] = [Infinity, -Infinity];
  for (const { pixels, rescale } of frames) {
    const [slope, intercept] = [rescale.slope * factor, rescale.intercept * factor];
    if (!Number.isInteger(slope) || !Number.isInteger(intercept)) return 'Float32';
    const ends = storedRange(pixels).map((stored) => stored * slope + intercept);
    low = Math.min(low, ...ends);
    high = Math.max(high, ...ends);
  }
  if (low >= 0 && high <= 255) return 'Uint8';
  if (low >= -32768 && high <= 32767) return 'Int16';
  return low >= 0 && high <= 65535 ? 'Uint16' : 'Float32';
}

function storedRange({ bitsStored, pixelRepresentation }: Frame['pixels']): [number, number] {
  return pixelRepresentation === 1
    ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1]
    : [0, 2 ** bitsStored - 1];
}

export function memoryNeed(plan: VolumePlan, kind: ValueKind, limits: DeviceLimits): MemoryNeed {
  const voxels = plan.dimensions[0] * plan.dimensions[1] * plan.dimensions[2];
  const graphicsBytes = kind === 'Uint8' ? 1 : limits.has16BitTextures ? bytesPerValue[kind] : 4;
  return { memory: voxels * bytesPerValue[kind], graphics: voxels * graphicsBytes };
}

/** Whether it fits beside what volumes take already. */
export function verdictOn(plan: VolumePlan, kind: ValueKind, limits: DeviceLimits, taken = 0): Verdict {
  const need = memoryNeed(plan, kind, limits);
  const problem = problemOf(plan, need, limits, taken);
  if (problem === undefined) return { need, problem, step: undefined };
  const steps = Array.from({ length: mostThinning - 1 }, (_, index) => index + 2);
  const step = steps.find((each) => {
    const thin = thinned(plan, each);
    return thin.dimensions[2] > 2 && !problemOf(thin, memoryNeed(thin, kind, limits), limits, taken);
  });
  return { need, problem, step };
}

function problemOf(
  { dimensions }: VolumePlan,
  { memory, graphics }: MemoryNeed,
  { textureSide, budget }: DeviceLimits,
  taken: number,
): string | undefined {
  if (Math.max(...dimensions) > textureSide) {
    return `It measures ${dimensions.join(' × ')} voxels; this computer’s graphics take ${textureSide} along a side.`;
  }
  const needed = Math.max(memory, graphics);
  if (needed + taken <= budget) return undefined;
  const room = Math.max(0, budget - taken);
  return `It needs ${sizeText(needed)} of memory; this browser has about ${sizeText(room)} for it.`;
}

export function sizeText(bytes: number): string {
  const megabytes = bytes / 1024 / 1024;
  if (megabytes >= 1024) return `${(megabytes / 1024).toFixed(1)} GB`;
  return megabytes >= 10 ? `${Math.round(megabytes)} MB` : `${megabytes.toFixed(1)} MB`;
}
