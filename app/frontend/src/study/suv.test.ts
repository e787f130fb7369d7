import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { suvOf } from './suv';
import { value } from './testing';

/** 370 MBq of fluorine-18 one half-life (6586.2 s) before the scan, 70 kg: 70000 / 185e6 per Bq/ml. */
function pet(more: DicomObject = {}, drug: DicomObject = {}): DicomObject {
  return {
    [Tag.Modality]: value('PT'),
    [Tag.Units]: value('BQML'),
    [Tag.CorrectedImage]: value('DECY', 'ATTN', 'DECAY'),
    [Tag.DecayCorrection]: value('START'),
    [Tag.PatientWeight]: value(70),
    [Tag.SeriesDate]: value('20250310'),
    [Tag.SeriesTime]: value('120000'),
    [Tag.AcquisitionDate]: value('20250310'),
    [Tag.AcquisitionTime]: value('120512'),
    [Tag.RadiopharmaceuticalInformationSequence]: value({
      [Tag.RadionuclideTotalDose]: value(370e6),
      [Tag.RadionuclideHalfLife]: value(6586.2),
      [Tag.RadiopharmaceuticalStartTime]: value('101013.8'),
      ...drug,
    }),
    ...more,
  };
}

const expected = 70_000 / 185e6;

function factor(instance: DicomObject): number | undefined {
  const suv = suvOf(instance);
  return 'factor' in suv ? suv.factor : undefined;
}

describe('the uptake value by body weight', () => {
  it('takes the dose that is left at the start of the scan', () => {
    expect(factor(pet())).toBeCloseTo(expected, 12);
  });

  it('prefers the full date and time of the injection', () => {
    const drug = {
      [Tag.RadiopharmaceuticalStartDateTime]: value('20250310101013.80'),
      [Tag.RadiopharmaceuticalStartTime]: value('080000'),
    };
    expect(factor(pet({}, drug))).toBeCloseTo(expected, 12);
  });

  it('knows an injection before midnight', () => {
    const times = { [Tag.SeriesTime]: value('004946.2'), [Tag.AcquisitionTime]: value('005000') };
    expect(factor(pet(times, { [Tag.RadiopharmaceuticalStartTime]: value('230000') }))).toBeCloseTo(
      expected,
      12,
    );
  });

  it('uses the whole dose where the values are corrected to the injection', () => {
    expect(factor(pet({ [Tag.DecayCorrection]: value('ADMIN') }))).toBeCloseTo(70_000 / 370e6, 12);
  });

  it('leaves values alone that are SUV already', () => {
    expect(factor(pet({ [Tag.Units]: value('GML') }))).toBe(1);
    expect(factor(pet({ [Tag.Units]: value('GML'), [Tag.SUVType]: value('LBM') }))).toBeUndefined();
  });

  it('converts counts with the factors of the scanner', () => {
    expect(factor(pet({ [Tag.Units]: value('CNTS'), '70531000': value(0.00025) }))).toBe(0.00025);
    expect(factor(pet({ [Tag.Units]: value('CNTS'), '70531009': value(2) }))).toBeCloseTo(2 * expected, 12);
    expect(factor(pet({ [Tag.Units]: value('CNTS') }))).toBeUndefined();
  });

  it.each([
    ['body weight', { [Tag.PatientWeight]: undefined }],
    ['corrected', { [Tag.CorrectedImage]: value('DECAY') }],
    ['decay', { [Tag.DecayCorrection]: value('NONE') }],
    ['start of the scan', { [Tag.SeriesTime]: value('130000') }],
    ['dose', { [Tag.RadiopharmaceuticalInformationSequence]: undefined }],
  ])('says what is missing: %s', (word, change) => {
    const suv = suvOf(pet(change));
    expect('reason' in suv && suv.reason).toContain(word);
  });

  it('refuses an injection after the scan', () => {
    const drug = { [Tag.RadiopharmaceuticalStartDateTime]: value('20250310130000') };
    expect(factor(pet({}, drug))).toBeUndefined();
  });
});
