/** Made-up instances for the tests. */

import type { DicomElement, DicomObject, DicomValue } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { framesOf, type Frame } from './frame';

export function value(...values: DicomValue[]): DicomElement {
  return { vr: 'UN', Value: values };
}

/** A small CT slice at the given height, with whatever else is wanted. */
export function slice(instanceNumber: number, z: number, more: DicomObject = {}): DicomObject {
  return {
    [Tag.StudyInstanceUID]: value('1.2'),
    [Tag.SeriesInstanceUID]: value('1.2.3'),
    [Tag.SOPInstanceUID]: value(`1.2.3.${instanceNumber}`),
    [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.2'),
    [Tag.Modality]: value('CT'),
    [Tag.InstanceNumber]: value(instanceNumber),
    [Tag.Rows]: value(4),
    [Tag.Columns]: value(4),
    [Tag.BitsAllocated]: value(16),
    [Tag.PixelSpacing]: value(0.5, 0.5),
    [Tag.ImagePositionPatient]: value(0, 0, z),
    [Tag.ImageOrientationPatient]: value(1, 0, 0, 0, 1, 0),
    ...more,
  };
}

export function frame(more: DicomObject = {}): Frame {
  const [made] = framesOf(slice(1, 0, more));
  if (!made) throw new Error('the instance holds no frame');
  return made;
}
