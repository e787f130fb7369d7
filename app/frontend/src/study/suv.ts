/**
 * Standardised uptake values by body weight (PS3.3 C.8.9.1, QIBA profile FDG-PET/CT, vendor-neutral computation).
 *
 * SUVbw = activity concentration × body weight ÷ dose at the time that the values were corrected to. What the header
 * does not say is not guessed: the values then stay in the units they came in, and `reason` says why.
 */

import { items, number, text, texts, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';

export interface Suv {
  /** What a rescaled pixel value (in the image's Units) is multiplied by to become g/ml. */
  factor: number;
}

export interface NoSuv {
  reason: string;
}

/** Philips keeps factors for counts in private elements (group 7053, creator `Philips PET Private Group`). */
const philipsSuvFactor = '70531000';
const philipsActivityFactor = '70531009';
const day = 24 * 60 * 60;
const gramsPerKilogram = 1000;

export function suvOf(instance: DicomObject): Suv | NoSuv {
  if (text(instance, Tag.Modality) !== 'PT') return { reason: 'not a PET image' };
  const units = text(instance, Tag.Units);
  if (units === 'GML') return alreadySuv(instance);
  if (units === 'BQML') return fromActivity(instance);
  if (units === 'CNTS') return fromCounts(instance);
  return { reason: `values in ${units ?? 'unknown units'} cannot be converted` };
}

function alreadySuv(instance: DicomObject): Suv | NoSuv {
  const type = text(instance, Tag.SUVType) ?? 'BW';
  return type === 'BW' ? { factor: 1 } : { reason: `the image holds SUV of another kind (${type})` };
}

function fromCounts(instance: DicomObject): Suv | NoSuv {
  const factor = number(instance, philipsSuvFactor);
  if (factor !== undefined && factor > 0) return { factor };
  const perCount = number(instance, philipsActivityFactor);
  const suv = perCount !== undefined && perCount > 0 ? fromActivity(instance) : undefined;
  if (!suv || !perCount) return { reason: 'the values are counts without a conversion factor' };
  return 'factor' in suv ? { factor: suv.factor * perCount } : suv;
}

function fromActivity(instance: DicomObject): Suv | NoSuv {
  const corrected = texts(instance, Tag.CorrectedImage);
  if (!corrected.includes('ATTN') || !corrected.includes('DECAY')) {
    return { reason: 'the image is not corrected for attenuation and decay' };
  }
  const weight = number(instance, Tag.PatientWeight);
  if (!weight || weight < 0) return { reason: 'the body weight is missing' };
  const dose = doseAtReference(instance);
  return typeof dose === 'number' ? { factor: (weight * gramsPerKilogram) / dose } : dose;
}

/** The dose in Bq that was left at the time to which the image is corrected. */
function doseAtReference(instance: DicomObject): number | NoSuv {
  const drug = items(instance, Tag.RadiopharmaceuticalInformationSequence)[0];
  const injected = number(drug, Tag.RadionuclideTotalDose);
  if (!injected || injected < 0) return { reason: 'the injected dose is missing' };
  const correction = text(instance, Tag.DecayCorrection);
  if (correction === 'ADMIN') return injected;
  if (correction !== 'START') return { reason: 'the image does not say what time its decay is corrected to' };
  const halfLife = number(drug, Tag.RadionuclideHalfLife);
  if (!halfLife || halfLife < 0) return { reason: 'the half-life is missing' };
  const scan = scanStart(instance);
  if (scan === undefined) return { reason: 'the start of the scan is not known' };
  const elapsed = secondsSinceInjection(drug, scan);
  if (elapsed === undefined) return { reason: 'the time of injection is missing or after the scan' };
  return injected * 2 ** (-elapsed / halfLife);
}

/** Decay START refers to the first bed position; a series time after this image's own belongs to later processing. */
function scanStart(instance: DicomObject): number | undefined {
  const series = moment(text(instance, Tag.SeriesDate), text(instance, Tag.SeriesTime));
  const acquired = moment(text(instance, Tag.AcquisitionDate), text(instance, Tag.AcquisitionTime));
  if (series === undefined) return undefined;
  return acquired === undefined || series <= acquired ? series : undefined;
}

function secondsSinceInjection(drug: DicomObject | undefined, scan: number): number | undefined {
  const full = text(drug, Tag.RadiopharmaceuticalStartDateTime);
  const injection = full && moment(full.slice(0, 8), full.slice(8));
  if (injection) return scan >= injection ? scan - injection : undefined;
  // The time alone leaves the day open: the last such time before the scan.
  const time = secondsOfDay(text(drug, Tag.RadiopharmaceuticalStartTime));
  if (time === undefined) return undefined;
  return ((scan % day) - time + day) % day;
}

/** Seconds on one scale for all of them, without a time zone. */
function moment(date: string | undefined, time: string | undefined): number | undefined {
  const match = /^(\d{4})\D?(\d{2})\D?(\d{2})$/.exec(date ?? '');
  const seconds = secondsOfDay(time);
  if (!match || seconds === undefined) return undefined;
  return Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / 1000 + seconds;
}

function secondsOfDay(time: string | undefined): number | undefined {
  const match = /^(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d+)?)?/.exec(time ?? '');
  if (!match) return undefined;
  return Number(match[1]) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}
