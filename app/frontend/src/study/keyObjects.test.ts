import { describe, expect, it } from 'vitest';
import type { DicomElement, DicomObject } from '../dicomweb/json';
import { PresentationTag } from '../dicomweb/presentationTags';
import { Tag } from '../dicomweb/tags';
import { keyObjectSelectionOf } from './keyObjects';
import { value } from './testing';

const code = (codeValue: string, meaning: string): DicomElement =>
  value({ [PresentationTag.CodeValue]: value(codeValue), [PresentationTag.CodeMeaning]: value(meaning) });
const reference = (uid: string, ...frames: number[]): DicomObject => ({
  [PresentationTag.ReferencedSOPInstanceUID]: value(uid),
  ...(frames.length > 0 ? { [PresentationTag.ReferencedFrameNumber]: value(...frames) } : {}),
});
const image = (uid: string, ...frames: number[]): DicomObject => ({
  [PresentationTag.ValueType]: value('IMAGE'),
  [PresentationTag.ReferencedSOPSequence]: value(reference(uid, ...frames)),
});

const selection: DicomObject = {
  [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.88.59'),
  [Tag.SOPInstanceUID]: value('1.9'),
  [Tag.ContentDate]: value('20260102'),
  [PresentationTag.ConceptNameCodeSequence]: code('113004', 'For Teaching'),
  [PresentationTag.CurrentRequestedProcedureEvidenceSequence]: value({
    [PresentationTag.ReferencedSeriesSequence]: value(
      {
        [Tag.SeriesInstanceUID]: value('1.1'),
        [PresentationTag.ReferencedSOPSequence]: value(reference('1.1.1')),
      },
      {
        [Tag.SeriesInstanceUID]: value('1.2'),
        [PresentationTag.ReferencedSOPSequence]: value(reference('1.2.1')),
      },
    ),
  }),
  [PresentationTag.ContentSequence]: value(
    {
      [PresentationTag.ValueType]: value('PNAME'),
      [PresentationTag.ConceptNameCodeSequence]: code('121008', 'Person Observer Name'),
      [PresentationTag.PersonName]: value({ Alphabetic: 'Lovelace^Ada' }),
    },
    {
      [PresentationTag.ValueType]: value('TEXT'),
      [PresentationTag.ConceptNameCodeSequence]: code('113012', 'Key Object Description'),
      [PresentationTag.TextValue]: value('For Tuesday'),
    },
    image('1.2.1', 2, 5),
    image('1.1.1'),
    image('9.9'),
  ),
};

describe('a key object selection', () => {
  it('names its images, each frame by itself, and the series they lie in', () => {
    expect(keyObjectSelectionOf(selection)).toMatchObject({
      uid: '1.9',
      title: 'For Teaching',
      description: 'For Tuesday',
      author: 'Lovelace, Ada',
      images: [
        { seriesUid: '1.2', sopInstanceUid: '1.2.1', frameNumber: 2 },
        { seriesUid: '1.2', sopInstanceUid: '1.2.1', frameNumber: 5 },
        { seriesUid: '1.1', sopInstanceUid: '1.1.1', frameNumber: 1 },
      ],
    });
  });

  it('is no other document', () => {
    expect(
      keyObjectSelectionOf({ ...selection, [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.88.11') }),
    ).toBe(undefined);
  });
});
