import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { cornersOf, patientOf, techniqueLines, type View } from './overlayText';
import { frame, value } from './testing';

const view: View = { index: 0, count: 128, window: { center: 40, width: 400 }, zoom: 1.5 };

describe('the words over the image', () => {
  test('name the patient, or say that nobody is named', () => {
    const named = {
      [Tag.PatientName]: value({ Alphabetic: 'Doe^Jane' }),
      [Tag.PatientID]: value('P1'),
      [Tag.PatientBirthDate]: value('19800617'),
      [Tag.PatientSex]: value('F'),
      [Tag.StudyDate]: value('20260616'),
    };
    expect(cornersOf(frame(named), view).topLeft).toEqual(['Doe, Jane', 'P1', '1980-06-17 · 45 y · F']);
    expect(patientOf({}).name).toBe('No name');
  });

  test('give the technique of a CT', () => {
    const image = frame({
      [Tag.KVP]: value(120),
      [Tag.Exposure]: value(151.26),
      [Tag.SliceThickness]: value(1.25),
      [Tag.ImagePositionPatient]: value(-100, -100, -42.5),
    });
    expect(techniqueLines(image)).toEqual(['120 kV · 151.3 mAs', 'Thk 1.25 mm · Pos -42.5 mm']);
  });

  test('reckon the exposure where it is not stated', () => {
    const image = frame({ [Tag.XRayTubeCurrent]: value(200), [Tag.ExposureTime]: value(500) });
    expect(techniqueLines(image)[0]).toBe('100 mAs');
  });

  test('give the timing of an MR, and of nothing else', () => {
    const timing = { [Tag.RepetitionTime]: value(500), [Tag.EchoTime]: value(12) };
    expect(techniqueLines(frame({ ...timing, [Tag.Modality]: value('MR') }))).toContain('TR 500 · TE 12');
    expect(techniqueLines(frame(timing)).join()).not.toContain('TR');
  });

  test('count images from one and tell the instance number where it differs', () => {
    const atFifth: View = { ...view, index: 4 };
    expect(cornersOf(frame({ [Tag.InstanceNumber]: value(5) }), atFifth).bottomLeft.at(-1)).toBe(
      'Im 5 / 128',
    );
    expect(cornersOf(frame({ [Tag.InstanceNumber]: value(17) }), atFifth).bottomLeft.at(-1)).toBe(
      'Im 5 / 128 (#17)',
    );
  });

  test('give window and zoom, but no window for colour', () => {
    expect(cornersOf(frame(), view).bottomRight).toEqual(['4 × 4', 'Zoom 1.50', 'W 400 · L 40']);
    const colour = frame({ [Tag.PhotometricInterpretation]: value('RGB'), [Tag.SamplesPerPixel]: value(3) });
    expect(cornersOf(colour, view).bottomRight).toEqual(['4 × 4', 'Zoom 1.50']);
  });

  test('warn of lossy compression', () => {
    const lossy = frame({
      [Tag.LossyImageCompression]: value('01'),
      [Tag.LossyImageCompressionRatio]: value(12.4),
    });
    expect(cornersOf(lossy, view).bottomRight[0]).toBe('Lossy 12:1');
  });
});
