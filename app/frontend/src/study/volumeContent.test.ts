import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf } from './displaySets';
import { slice, value } from './testing';
import { contentOf, valueText, type VolumeContent } from './volumeContent';
import { volumePlan } from './volumeGeometry';

function content(more: DicomObject, ofThird: DicomObject = {}): VolumeContent {
  const instances = [1, 2, 3].map((count) =>
    slice(count, count, { ...more, ...(count === 3 ? ofThird : {}) }),
  );
  const [set] = displaySetsOf(instances);
  const plan = set?.kind === 'images' ? volumePlan(set) : undefined;
  if (!plan || 'refusal' in plan) throw new Error('no volume');
  return contentOf(plan);
}

const suv: DicomObject = { [Tag.Modality]: value('PT'), [Tag.Units]: value('GML') };

describe('what voxels mean', () => {
  it('is Hounsfield units for CT', () => {
    const ct = content({ [Tag.WindowCenter]: value(40), [Tag.WindowWidth]: value(350) });
    expect([ct.unit, valueText(ct, -100.4), ct.window?.width]).toEqual(['HU', '-100 HU', 350]);
  });

  it('is SUV for PET that says enough, with a window for it', () => {
    const pet = content(suv);
    expect([pet.unit, pet.window, pet.note]).toEqual(['SUV', { center: 3.5, width: 7 }, undefined]);
    expect(valueText(pet, 2.414)).toBe('2.41 SUV');
  });

  it('stays as it came where one image says too little', () => {
    const pet = content(suv, { [Tag.SUVType]: value('LBM') });
    expect([pet.unit, pet.note]).toEqual(['g/ml', 'No SUV: the image holds SUV of another kind (LBM)']);
    expect(content({ [Tag.Modality]: value('PT'), [Tag.Units]: value('CNTS') }).note).toContain('No SUV');
  });

  it('has no unit for MR', () => {
    const mr = content({ [Tag.Modality]: value('MR') });
    expect(valueText(mr, 512)).toBe('512');
  });
});
