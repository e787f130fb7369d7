/** How large a pixel is in the patient, and on whose word (PS3.3 10.7). */

import { items, number, numbers } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { spacing, type Frame } from './frame';

export type CalibrationSource = 'image' | 'detector' | 'magnification' | 'ultrasound';

export interface Calibration {
  /** Millimetres between rows, and between columns. */
  row: number;
  column: number;
  source: CalibrationSource;
}

/** Physical units of an ultrasound region: centimetres (PS3.3 C.8.5.5.1.15). */
const centimetres = 3;

export function calibrationOf(frame: Frame): Calibration | undefined {
  const detector = spacing(numbers(frame.instance, Tag.ImagerPixelSpacing));
  const { pixelSpacing } = frame;
  // The same numbers in both places were not calibrated: they still hold in the detector's plane only.
  if (pixelSpacing && !(detector?.[0] === pixelSpacing[0] && detector[1] === pixelSpacing[1])) {
    return { row: pixelSpacing[0], column: pixelSpacing[1], source: 'image' };
  }
  if (detector) return projected(frame, detector);
  return ultrasound(frame);
}

function projected(frame: Frame, [row, column]: readonly [number, number]): Calibration {
  const magnification = number(frame.instance, Tag.EstimatedRadiographicMagnificationFactor);
  if (magnification === undefined || magnification <= 0) return { row, column, source: 'detector' };
  return { row: row / magnification, column: column / magnification, source: 'magnification' };
}

/** One scale for the whole picture, or none: regions that disagree cannot share a scale bar. */
function ultrasound(frame: Frame): Calibration | undefined {
  const scales = items(frame.instance, Tag.SequenceOfUltrasoundRegions).flatMap((region) => {
    const spatial =
      number(region, Tag.PhysicalUnitsXDirection) === centimetres &&
      number(region, Tag.PhysicalUnitsYDirection) === centimetres;
    const column = Math.abs(number(region, Tag.PhysicalDeltaX) ?? 0) * 10;
    const row = Math.abs(number(region, Tag.PhysicalDeltaY) ?? 0) * 10;
    return spatial && row > 0 && column > 0 ? [{ row, column }] : [];
  });
  const [first] = scales;
  if (!first || scales.some(({ row, column }) => row !== first.row || column !== first.column))
    return undefined;
  return { ...first, source: 'ultrasound' };
}

/** Distances to draw the pixel grid with: millimetres where known, else the pixel's shape alone. */
export function gridSpacing(frame: Frame): readonly [row: number, column: number] {
  const calibration = calibrationOf(frame);
  if (calibration) return [calibration.row, calibration.column];
  return spacing(numbers(frame.instance, Tag.PixelAspectRatio)) ?? [1, 1];
}

const sourceLabels: Record<CalibrationSource, string> = {
  image: '',
  detector: ' at the detector',
  magnification: ' estimated',
  ultrasound: '',
};

export interface ScaleBar {
  /** Length on the screen in CSS pixels. */
  pixels: number;
  label: string;
}

/** The longest round length that fits into the room, given the size of a screen pixel in millimetres. */
export function scaleBar(mmPerPixel: number, room: number, source: CalibrationSource): ScaleBar | undefined {
  if (!(mmPerPixel > 0) || !Number.isFinite(mmPerPixel)) return undefined;
  const longest = room * mmPerPixel;
  const decade = 10 ** Math.floor(Math.log10(longest));
  const millimetres = ([5, 2, 1].find((step) => step * decade <= longest) ?? 1) * decade;
  const size = millimetres >= 10 ? `${millimetres / 10} cm` : `${Number(millimetres.toPrecision(1))} mm`;
  return { pixels: millimetres / mmPerPixel, label: size + sourceLabels[source] };
}
