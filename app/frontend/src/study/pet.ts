/** What PET images are shown and measured in: SUV by body weight where the header allows it (PS3.3 C.8.9.1). */

import type { DicomObject } from '../dicomweb/json';
import type { Frame, Window } from './frame';
import { suvOf } from './suv';

/** The usual range to read by, from white to black. */
const usualRange = 7;
const known = new WeakMap<DicomObject, ReturnType<typeof suvOf>>();

function suv(instance: DicomObject): ReturnType<typeof suvOf> {
  const found = known.get(instance) ?? suvOf(instance);
  known.set(instance, found);
  return found;
}

/** What a value of this PET image is multiplied by to become SUV; undefined where the header does not tell. */
export function suvFactor({ modality, instance }: Pick<Frame, 'modality' | 'instance'>): number | undefined {
  const found = modality === 'PT' ? suv(instance) : undefined;
  return found && 'factor' in found ? found.factor : undefined;
}

/** Why a PET image is not measured in SUV. */
export function whyNoSuv({ modality, instance }: Frame): string | undefined {
  const found = modality === 'PT' ? suv(instance) : undefined;
  return found && 'reason' in found ? `no SUV: ${found.reason}` : undefined;
}

/** The window for SUV 0 to 7 in the image's own units, before those of its header. */
export function suvWindows(image: Pick<Frame, 'modality' | 'instance'>): Window[] {
  const factor = suvFactor(image);
  if (factor === undefined) return [];
  const width = usualRange / factor;
  return [{ center: width / 2, width, explanation: `SUV 0 to ${usualRange}` }];
}
