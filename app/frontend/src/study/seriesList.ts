/** The study's series as QIDO-RS lists them, in reading order. */

import { number, text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';

export interface SeriesSummary {
  uid: string;
  number: number | undefined;
  modality: string;
  description: string;
  bodyPart: string;
  instanceCount: number | undefined;
}

const lastNumber = Number.MAX_SAFE_INTEGER;

/** Modalities whose series hold no images (PS3.3 C.7.3.1.1.1). */
const withoutImages = new Set([
  'SR',
  'KO',
  'PR',
  'DOC',
  'SEG',
  'RTSTRUCT',
  'RTPLAN',
  'RTDOSE',
  'RTRECORD',
  'REG',
  'ECG',
  'HD',
  'EPS',
  'AU',
  'FID',
  'RWV',
  'PLAN',
]);

export function holdsImages(series: SeriesSummary): boolean {
  return !withoutImages.has(series.modality);
}

export function seriesListOf(found: readonly DicomObject[]): SeriesSummary[] {
  return found.map(summary).sort(compare);
}

/** Without presentations, which are about images rather than to be looked at: the tool bar offers them. */
export function toLookAt(series: readonly SeriesSummary[]): readonly SeriesSummary[] {
  const left = series.filter(({ modality }) => modality !== 'PR');
  return left.length > 0 ? left : series;
}

function summary(series: DicomObject): SeriesSummary {
  const modality = text(series, Tag.Modality) ?? '';
  return {
    uid: text(series, Tag.SeriesInstanceUID) ?? '',
    number: number(series, Tag.SeriesNumber),
    modality,
    description: text(series, Tag.SeriesDescription) ?? '',
    bodyPart: text(series, Tag.BodyPartExamined) ?? '',
    instanceCount: number(series, Tag.NumberOfSeriesRelatedInstances),
  };
}

/** Images before everything else, then by series number; the UID only makes the order stable. */
function compare(a: SeriesSummary, b: SeriesSummary): number {
  return (
    Number(holdsImages(b)) - Number(holdsImages(a)) ||
    (a.number ?? lastNumber) - (b.number ?? lastNumber) ||
    a.uid.localeCompare(b.uid)
  );
}
