/** Measurements in words: in millimetres only where the image says how large a pixel is, else in pixels. */

import { text } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { calibrationOf, type CalibrationSource } from './calibration';
import type { Frame } from './frame';
import { suvFactor, whyNoSuv } from './pet';

/** What a measuring tool found out, in the image's own grid and stored pixel values. */
export interface Findings {
  length?: number | undefined;
  width?: number | undefined;
  radius?: number | undefined;
  perimeter?: number | undefined;
  area?: number | undefined;
  angle?: number | undefined;
  /** Of the heart to the thorax, in per cent, and both diameters. */
  ratio?: number | undefined;
  heart?: number | undefined;
  thorax?: number | undefined;
  /** Pixel values, as stored or as the modality means them; a colour image has none. */
  value?: number | undefined;
  mean?: number | undefined;
  deviation?: number | undefined;
  least?: number | undefined;
  most?: number | undefined;
}

export interface Quantity {
  name: string;
  value: number;
  /** `mm`, `mm2`, `px`, `px2`, `deg`, `%`, or the unit of the pixel values, which may be empty. */
  unit: string;
}

const sourceNames: Record<CalibrationSource, string> = {
  image: 'pixel spacing',
  detector: 'at the detector',
  magnification: 'estimated from the magnification',
  ultrasound: 'ultrasound region',
};

/** On whose word a length on this image is in millimetres. */
export function calibrationNote(frame: Frame): string {
  const calibration = calibrationOf(frame);
  return calibration ? sourceNames[calibration.source] : 'not calibrated';
}

const asItIs: Frame['rescale'] = { slope: 1, intercept: 0 };

/** The findings with their units; stored pixel values become what the modality means by them (PS3.3 C.11.1). */
export function quantitiesOf(found: Findings, frame: Frame, valuesAreStored: boolean): Quantity[] {
  const unit = calibrationOf(frame) ? 'mm' : 'px';
  const factor = suvFactor(frame) ?? 1;
  const rescale = valuesAreStored ? frame.rescale : asItIs;
  const [slope, intercept] = [rescale.slope * factor, rescale.intercept * factor];
  const scaled = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * slope + intercept;
  const ends = [scaled(found.least), scaled(found.most)];
  const [least, most] = slope < 0 ? ends.reverse() : ends;
  const values = valueUnit(frame);
  const rows: [string, number | undefined, string][] = [
    ['Length', found.length, unit],
    ['Width', found.width, unit],
    ['Radius', found.radius, unit],
    ['Angle', found.angle, 'deg'],
    ['Ratio', found.ratio, '%'],
    ['Heart', found.heart, unit],
    ['Thorax', found.thorax, unit],
    ['Value', scaled(found.value), values],
    ['Mean', scaled(found.mean), values],
    ['SD', found.deviation === undefined ? undefined : found.deviation * Math.abs(slope), values],
    ['Min', least, values],
    ['Max', most, values],
    ['Area', found.area, `${unit}2`],
    ['Perimeter', found.perimeter, unit],
  ];
  return rows.flatMap(([name, value, itsUnit]) =>
    value !== undefined && Number.isFinite(value) ? [{ name, value, unit: itsUnit }] : [],
  );
}

/** The lines beside a measurement; mean and deviation share one, so do least and most. */
export function linesOf(quantities: readonly Quantity[], frame: Frame): string[] {
  const parts = new Map(quantities.map((quantity) => [quantity.name, quantityText(quantity)]));
  const rows = [
    ['Length', 'Width'],
    ['Radius'],
    ['Angle'],
    ['Ratio'],
    ['Heart', 'Thorax'],
    ['Value'],
    ['Mean', 'SD'],
    ['Min', 'Max'],
    ['Area'],
  ];
  const lines = rows.map((names) =>
    names
      .flatMap((name) => {
        const written = parts.get(name);
        return written === undefined ? [] : [isNamed(name, parts) ? `${name} ${written}` : written];
      })
      .join(' · '),
  );
  const source = calibrationOf(frame)?.source;
  const isMeasured = quantities.some(({ unit }) => /^(mm|px)2?$/.test(unit));
  const note = isMeasured && source !== 'image' ? [calibrationNote(frame)] : [];
  const hasValues = quantities.some(({ name }) => name === 'Value' || name === 'Mean');
  const reason = hasValues ? whyNoSuv(frame) : undefined;
  return [...lines.filter((line) => line !== ''), ...note, ...(reason === undefined ? [] : [reason])];
}

export function quantityText({ value, unit }: Quantity): string {
  const written =
    unit === 'deg' ? `${value.toFixed(1)}°` : `${digits(value, unit)} ${unit.replace('2', '²')}`;
  return written.trim();
}

/** A line of its own needs no name where the shape says what it is. */
function isNamed(name: string, parts: ReadonlyMap<string, string>): boolean {
  if (name === 'Length') return parts.has('Width');
  return name !== 'Angle' && name !== 'Value';
}

function digits(value: number, unit: string): string {
  if (unit === 'px' || unit === 'px2') return value.toFixed(0);
  if (unit === 'mm2' && value >= 1000) return value.toFixed(0);
  if (unit.startsWith('mm')) return value.toFixed(1);
  if (Number.isInteger(value)) return String(value);
  // Numbers below ten, such as SUV and maps of parameters, mean something beyond their first decimal.
  return unit === 'HU' || Math.abs(value) >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(3)));
}

function valueUnit(frame: Frame): string {
  const { modality, rescaleType: named } = frame;
  if (suvFactor(frame) !== undefined) return 'SUV';
  const units = modality === 'PT' ? text(frame.instance, Tag.Units) : undefined;
  if (units !== undefined) return units;
  if (named === undefined || named === 'US') return modality === 'CT' ? 'HU' : '';
  return named;
}
