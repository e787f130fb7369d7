import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { framesOf, type Frame } from './frame';
import { calibrationNote, linesOf, quantitiesOf } from './measurement';

function frame(attributes: DicomObject = {}): Frame {
  const [made] = framesOf({
    [Tag.Rows]: { vr: 'US', Value: [512] },
    [Tag.Columns]: { vr: 'US', Value: [512] },
    [Tag.Modality]: { vr: 'CS', Value: ['CT'] },
    ...attributes,
  });
  if (!made) throw new Error('no frame');
  return made;
}

const spaced: DicomObject = { [Tag.PixelSpacing]: { vr: 'DS', Value: [0.5, 0.5] } };
const detector: DicomObject = { [Tag.ImagerPixelSpacing]: { vr: 'DS', Value: [0.2, 0.2] } };
const magnified: DicomObject = {
  ...detector,
  [Tag.EstimatedRadiographicMagnificationFactor]: { vr: 'DS', Value: [1.25] },
};
const rescaled: DicomObject = {
  [Tag.RescaleSlope]: { vr: 'DS', Value: [-2] },
  [Tag.RescaleIntercept]: { vr: 'DS', Value: [100] },
};

describe('measurements in words', () => {
  it('are in millimetres where the image is calibrated', () => {
    const image = frame(spaced);
    expect(linesOf(quantitiesOf({ length: 12.34 }, image, true), image)).toEqual(['12.3 mm']);
  });

  it('are in pixels, said plainly, where it is not', () => {
    const image = frame();
    expect(linesOf(quantitiesOf({ length: 40.4 }, image, true), image)).toEqual(['40 px', 'not calibrated']);
  });

  it.each([
    [spaced, 'pixel spacing'],
    [detector, 'at the detector'],
    [magnified, 'estimated from the magnification'],
    [{}, 'not calibrated'],
  ])('name the source of the calibration', (attributes, note) => {
    expect(calibrationNote(frame(attributes))).toBe(note);
  });

  it('say on the image that a length is that at the detector', () => {
    const image = frame(detector);
    expect(linesOf(quantitiesOf({ length: 10 }, image, true), image)).toEqual(['10.0 mm', 'at the detector']);
  });

  it('turn stored values into those of the modality, a falling scale included', () => {
    const image = frame({ ...spaced, ...rescaled });
    const found = { mean: 10, deviation: 3, least: 0, most: 20, area: 25 };
    expect(linesOf(quantitiesOf(found, image, true), image)).toEqual([
      'Mean 80 HU · SD 6 HU',
      'Min 60 HU · Max 100 HU',
      'Area 25.0 mm²',
    ]);
    expect(linesOf(quantitiesOf(found, image, false), image)[0]).toBe('Mean 10 HU · SD 3 HU');
  });

  it('leave out what is not there, such as the values of a colour image', () => {
    const image = frame(spaced);
    expect(linesOf(quantitiesOf({ area: 3, mean: undefined }, image, true), image)).toEqual(['Area 3.0 mm²']);
    expect(linesOf(quantitiesOf({ angle: Number.NaN }, image, true), image)).toEqual([]);
  });

  it('give angles in degrees and no note on calibration', () => {
    const image = frame();
    expect(linesOf(quantitiesOf({ angle: 45.04 }, image, true), image)).toEqual(['45.0°']);
  });

  it('give the cardiothoracic ratio with both diameters, and the ratio alone its sense without calibration', () => {
    const found = { ratio: 48.25, heart: 144.75, thorax: 300 };
    const image = frame(spaced);
    expect(linesOf(quantitiesOf(found, image, true), image)).toEqual([
      'Ratio 48.3 %',
      'Heart 144.8 mm · Thorax 300.0 mm',
    ]);
    const uncalibrated = frame();
    expect(linesOf(quantitiesOf(found, uncalibrated, true), uncalibrated)).toEqual([
      'Ratio 48.3 %',
      'Heart 145 px · Thorax 300 px',
      'not calibrated',
    ]);
  });
});
