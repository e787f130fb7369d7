/** Images that quality control rejected: left out of what the reader sees, unless the reader asks for them. */

import { text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import type { SeriesSummary } from './seriesList';

export interface Rejected {
  readonly count: number;
  /** Reasons of series that are rejected whole, by Series Instance UID. */
  readonly series: Readonly<Record<string, string>>;
  /** Reasons of single images, by Series Instance UID and SOP Instance UID. */
  readonly images: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Whether this reader may have them shown, and whether they are. */
  readonly mayShow: boolean;
  readonly isShown: boolean;
  /** Where somebody decides about them; null for who does not. */
  readonly decideUrl: string | null;
}

export const nothingRejected: Rejected = {
  count: 0,
  series: {},
  images: {},
  mayShow: false,
  isShown: false,
  decideUrl: null,
};

/** The series that are left, with as many images as are left of them. */
export function seriesLeft(series: readonly SeriesSummary[], rejected: Rejected): readonly SeriesSummary[] {
  if (rejected.isShown) return series;
  return series
    .filter(({ uid }) => !(uid in rejected.series))
    .map((one) => {
      const images = Object.keys(rejected.images[one.uid] ?? {}).length;
      if (images === 0 || one.instanceCount === undefined) return one;
      return { ...one, instanceCount: one.instanceCount - images };
    });
}

/** The instances of a series that are left. */
export function instancesLeft(
  instances: readonly DicomObject[],
  seriesUid: string,
  rejected: Rejected,
): readonly DicomObject[] {
  const images = rejected.images[seriesUid];
  if (rejected.isShown || !images) return instances;
  return instances.filter((instance) => !((text(instance, Tag.SOPInstanceUID) ?? '') in images));
}

/** Why an image is rejected; undefined where it is not. */
export function reasonOf(rejected: Rejected, seriesUid: string, sopInstanceUid: string): string | undefined {
  return rejected.series[seriesUid] ?? rejected.images[seriesUid]?.[sopInstanceUid];
}
