/** What the voxels of a block mean: their unit, their type, and the window to begin with. */

import { text } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { formatNumber } from './format';
import type { Frame, Window } from './frame';
import { suvOf } from './suv';
import type { VolumePlan } from './volumeGeometry';
import { valueKind, type ValueKind } from './volumeMemory';

export interface VolumeContent {
  modality: string;
  seriesUid: string;
  /** `HU`, `SUV`, what the header says, or nothing. */
  unit: string;
  decimals: number;
  /** What rescaled values are multiplied by, image by image: 1 but for SUV. */
  factorOf: (frame: Frame) => number;
  kind: ValueKind;
  /** How windows are rounded (PS3.3 C.11.2.1.3). */
  voiLutFunction: string | undefined;
  /** Undefined where nothing recommends one. */
  window: Window | undefined;
  isNegative: boolean;
  /** Why PET values are no SUV. */
  note: string | undefined;
}

const suvWindow: Window = { center: 3.5, width: 7 };
const unitNames: Record<string, string | undefined> = { BQML: 'Bq/ml', CNTS: 'counts', GML: 'g/ml', US: '' };

export function contentOf(plan: VolumePlan): VolumeContent {
  const middle = plan.frames[Math.floor(plan.frames.length / 2)] ?? plan.frames[0];
  if (!middle) throw new Error('a volume without images');
  const factors = new Map(plan.frames.map((frame) => [frame, suvOf(frame.instance)]));
  const without = [...factors.values()].find((suv) => 'reason' in suv);
  const isSuv = without === undefined;
  const factorOf = (frame: Frame): number => {
    const suv = isSuv ? factors.get(frame) : undefined;
    return suv && 'factor' in suv ? suv.factor : 1;
  };
  const kind = valueKind(plan.frames, factorOf(middle));
  return {
    modality: middle.modality,
    seriesUid: middle.seriesUid,
    unit: isSuv ? 'SUV' : unitOf(middle),
    decimals: isSuv ? 2 : kind === 'Float32' ? 1 : 0,
    factorOf,
    kind,
    voiLutFunction: isSuv ? 'LINEAR_EXACT' : middle.voiLutFunction,
    window: isSuv ? suvWindow : middle.windows[0],
    isNegative: middle.pixels.photometricInterpretation === 'MONOCHROME1',
    note: middle.modality === 'PT' && without ? `No SUV: ${without.reason}` : undefined,
  };
}

function unitOf({ instance, modality }: Frame): string {
  const stated = text(instance, Tag.Units) ?? text(instance, Tag.RescaleType);
  if (stated === undefined) return modality === 'CT' ? 'HU' : '';
  return unitNames[stated] ?? stated;
}

/** `-100 HU`, `2.41 SUV`. */
export function valueText({ unit, decimals }: VolumeContent, value: number): string {
  return `${formatNumber(value, decimals)}${unit && ` ${unit}`}`;
}
