import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { linesOf, quantitiesOf } from './measurement';
import { windowText } from './overlayText';
import { frame, value } from './testing';

const pet = {
  [Tag.Modality]: value('PT'),
  [Tag.Units]: value('BQML'),
  [Tag.RescaleSlope]: value(2.5),
  [Tag.CorrectedImage]: value('ATTN', 'DECAY'),
  [Tag.WindowCenter]: value(5000),
  [Tag.WindowWidth]: value(10_000),
};
const known = {
  ...pet,
  [Tag.DecayCorrection]: value('ADMIN'),
  [Tag.PatientWeight]: value(70),
  [Tag.RadiopharmaceuticalInformationSequence]: value({ [Tag.RadionuclideTotalDose]: value(350_000_000) }),
};

describe('a PET image whose header tells the dose', () => {
  const image = frame(known);

  test('is measured in SUV', () => {
    expect(linesOf(quantitiesOf({ value: 5000 }, image, true), image)).toEqual(['2.5 SUV']);
    expect(linesOf(quantitiesOf({ mean: 12_500, deviation: 100 }, image, false), image)).toEqual([
      'Mean 2.5 SUV · SD 0.02 SUV',
    ]);
  });

  test('is shown dark on white, from 0 to 7 at first', () => {
    const [first, second] = image.windows;
    expect(image.isNegative).toBe(true);
    expect(first && windowText(first, image)).toBe('SUV 0 to 7');
    expect(second).toMatchObject({ center: 5000, width: 10_000 });
  });
});

test('a PET image without the dose is measured in its own units, and says why', () => {
  const image = frame(pet);
  expect(linesOf(quantitiesOf({ value: 5000 }, image, true), image)).toEqual([
    '12500 BQML',
    'no SUV: the body weight is missing',
  ]);
  expect(image.windows).toHaveLength(1);
});
