/** The words in the four corners of an image. */

import { number, personName, text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { formatAge, formatDate, formatNumber, formatTime } from './format';
import type { Frame, Window } from './frame';
import { suvFactor } from './pet';
import { normalOf } from './sorting';
import { dot } from './vector';

export interface Corners {
  topLeft: string[];
  topRight: string[];
  bottomLeft: string[];
  bottomRight: string[];
}

export interface View {
  /** Counted from zero. */
  index: number;
  count: number;
  window: Window | undefined;
  /** Size relative to the image fitted into the viewport. */
  zoom: number;
}

export interface PatientSummary {
  name: string;
  id: string | undefined;
  birthDate: string | undefined;
  sex: string | undefined;
  age: string | undefined;
}

export function patientOf(object: DicomObject): PatientSummary {
  const birthDate = text(object, Tag.PatientBirthDate);
  return {
    name: personName(object, Tag.PatientName) ?? 'No name',
    id: text(object, Tag.PatientID),
    birthDate: formatDate(birthDate),
    sex: text(object, Tag.PatientSex),
    age: formatAge(text(object, Tag.PatientAge), birthDate, text(object, Tag.StudyDate)),
  };
}

export function cornersOf(frame: Frame, view: View): Corners {
  return {
    topLeft: patientLines(frame.instance),
    topRight: studyLines(frame.instance),
    bottomLeft: [...seriesLines(frame), ...techniqueLines(frame), imageLine(frame, view)],
    bottomRight: viewLines(frame, view),
  };
}

function patientLines(instance: DicomObject): string[] {
  const { name, id, birthDate, sex, age } = patientOf(instance);
  return lines(name, id, joined(' · ', birthDate, age, sex));
}

function studyLines(instance: DicomObject): string[] {
  const when = joined(
    ' ',
    formatDate(text(instance, Tag.StudyDate)),
    formatTime(text(instance, Tag.StudyTime)),
  );
  const accession = text(instance, Tag.AccessionNumber);
  return lines(
    text(instance, Tag.StudyDescription),
    when,
    accession && `Acc ${accession}`,
    text(instance, Tag.InstitutionName),
  );
}

function seriesLines({ instance, modality }: Frame): string[] {
  const seriesNumber = number(instance, Tag.SeriesNumber);
  const laterality = text(instance, Tag.ImageLaterality) ?? text(instance, Tag.Laterality);
  const label = joined(' ', modality, seriesNumber === undefined ? undefined : `Se ${seriesNumber}`);
  return lines(
    joined(' · ', label, text(instance, Tag.SeriesDescription)),
    joined(' · ', text(instance, Tag.ViewPosition), laterality),
  );
}

/** How the image was made: dose figures for X-rays, timing for MR, thickness and place for slices. */
export function techniqueLines(frame: Frame): string[] {
  const { instance } = frame;
  const exposure = joined(
    ' · ',
    unit(number(instance, Tag.KVP), 'kV', 0),
    unit(milliampereSeconds(instance), 'mAs', 1),
  );
  const timing = joined(
    ' · ',
    labelled('TR', number(instance, Tag.RepetitionTime)),
    labelled('TE', number(instance, Tag.EchoTime)),
  );
  const slice = joined(
    ' · ',
    labelled('Thk', frame.sliceThickness, ' mm', 2),
    labelled('Pos', slicePosition(frame), ' mm'),
  );
  return lines(exposure, frame.modality === 'MR' ? timing : undefined, slice);
}

function milliampereSeconds(instance: DicomObject): number | undefined {
  const stated = number(instance, Tag.Exposure);
  if (stated !== undefined) return stated;
  const current = number(instance, Tag.XRayTubeCurrent);
  const milliseconds = number(instance, Tag.ExposureTime);
  return current === undefined || milliseconds === undefined ? undefined : (current * milliseconds) / 1000;
}

/** Signed distance of the slice from the origin of its frame of reference, along the normal of its rows. */
function slicePosition(frame: Frame): number | undefined {
  const normal = normalOf(frame);
  if (!frame.plane || !normal) return number(frame.instance, Tag.SliceLocation);
  return dot(frame.plane.position, normal);
}

function imageLine(frame: Frame, { index, count }: View): string {
  const instanceNumber = frame.frameCount > 1 ? undefined : frame.instanceNumber;
  const differs = instanceNumber !== undefined && instanceNumber !== index + 1;
  return `Im ${index + 1} / ${count}${differs ? ` (#${instanceNumber})` : ''}`;
}

function viewLines(frame: Frame, { window, zoom }: View): string[] {
  const isMonochrome = frame.pixels.photometricInterpretation.startsWith('MONOCHROME');
  const size = `${frame.pixels.columns} × ${frame.pixels.rows}`;
  return lines(
    lossyLine(frame.instance),
    size,
    `Zoom ${zoom.toFixed(2)}`,
    isMonochrome && window ? windowText(window, frame) : undefined,
  );
}

/** A table has no width of its own; PET is read by where white ends and black begins. */
export function windowText({ center, width, table, explanation }: Window, frame: Frame): string {
  if (table) return explanation ? `LUT ${explanation}` : 'VOI LUT';
  const factor = suvFactor(frame);
  if (factor !== undefined) {
    const [low, high] = [center - width / 2, center + width / 2].map((end) => formatNumber(end * factor, 1));
    return `SUV ${low ?? ''} to ${high ?? ''}`;
  }
  const decimals = width >= 10 ? 0 : Math.max(1, 2 - Math.floor(Math.log10(width)));
  return `W ${formatNumber(width, decimals)} · L ${formatNumber(center, decimals)}`;
}

/** What a window is called in a list: the header's own word for it, and its figures. */
export function windowName(window: Window, frame: Frame): string {
  const figures = windowText(window, frame);
  const { explanation, table } = window;
  return explanation === undefined || table || explanation === figures
    ? figures
    : `${explanation} · ${figures}`;
}

/** A reader has to know when detail may have been thrown away. */
function lossyLine(instance: DicomObject): string | undefined {
  if (text(instance, Tag.LossyImageCompression) !== '01') return undefined;
  const ratio = number(instance, Tag.LossyImageCompressionRatio);
  return ratio === undefined ? 'Lossy compression' : `Lossy ${formatNumber(ratio, 0)}:1`;
}

function unit(value: number | undefined, name: string, decimals: number): string | undefined {
  return value === undefined ? undefined : `${formatNumber(value, decimals)} ${name}`;
}

function labelled(label: string, value: number | undefined, suffix = '', decimals = 1): string | undefined {
  return value === undefined ? undefined : `${label} ${formatNumber(value, decimals)}${suffix}`;
}

function joined(separator: string, ...parts: (string | undefined)[]): string | undefined {
  const present = parts.filter((part) => part !== undefined && part !== '');
  return present.length > 0 ? present.join(separator) : undefined;
}

function lines(...candidates: (string | undefined)[]): string[] {
  return candidates.filter((line): line is string => line !== undefined && line !== '');
}
