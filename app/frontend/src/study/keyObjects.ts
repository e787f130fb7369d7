/** Key object selections: images that somebody thought worth finding again (PS3.3 A.35.4, PS3.16 TID 2010). */

import { items, numbers, personName, text, type DicomObject } from '../dicomweb/json';
import { PresentationTag } from '../dicomweb/presentationTags';
import { Tag } from '../dicomweb/tags';
import { formatDate, formatTime } from './format';

export interface ImagePlace {
  seriesUid: string;
  sopInstanceUid: string;
  /** Counted from 1. */
  frameNumber: number;
}

export interface KeyObjectSelection {
  uid: string;
  title: string;
  description: string;
  author: string;
  when: string;
  images: readonly ImagePlace[];
}

const selectionClass = '1.2.840.10008.5.1.4.1.1.88.59';
const keyObjectDescription = '113012';
const personObserverName = '121008';

/** Undefined for what is no key object selection. */
export function keyObjectSelectionOf(object: DicomObject): KeyObjectSelection | undefined {
  if (text(object, Tag.SOPClassUID) !== selectionClass) return undefined;
  const content = items(object, PresentationTag.ContentSequence);
  const series = seriesByInstance(object);
  return {
    uid: text(object, Tag.SOPInstanceUID) ?? '',
    title: meaningOf(object) ?? 'Key images',
    description: valueNamed(content, keyObjectDescription, PresentationTag.TextValue) ?? '',
    author: nameOf(content),
    when: [formatDate(text(object, Tag.ContentDate)), formatTime(text(object, Tag.ContentTime))]
      .filter(Boolean)
      .join(' '),
    images: content.flatMap((item) => placesOf(item, series)),
  };
}

export function isSamePlace(a: ImagePlace, b: ImagePlace): boolean {
  return a.sopInstanceUid === b.sopInstanceUid && a.frameNumber === b.frameNumber;
}

function meaningOf(object: DicomObject): string | undefined {
  return text(items(object, PresentationTag.ConceptNameCodeSequence)[0], PresentationTag.CodeMeaning);
}

function itemNamed(content: readonly DicomObject[], code: string): DicomObject | undefined {
  return content.find(
    (item) =>
      text(items(item, PresentationTag.ConceptNameCodeSequence)[0], PresentationTag.CodeValue) === code,
  );
}

function valueNamed(content: readonly DicomObject[], code: string, tag: string): string | undefined {
  return text(itemNamed(content, code), tag);
}

function nameOf(content: readonly DicomObject[]): string {
  return personName(itemNamed(content, personObserverName), PresentationTag.PersonName) ?? '';
}

/** The content names images only; in which series they lie, the evidence says. */
function seriesByInstance(object: DicomObject): Map<string, string> {
  const found = new Map<string, string>();
  for (const study of items(object, PresentationTag.CurrentRequestedProcedureEvidenceSequence)) {
    for (const series of items(study, PresentationTag.ReferencedSeriesSequence)) {
      const uid = text(series, Tag.SeriesInstanceUID) ?? '';
      for (const instance of items(series, PresentationTag.ReferencedSOPSequence)) {
        found.set(text(instance, PresentationTag.ReferencedSOPInstanceUID) ?? '', uid);
      }
    }
  }
  return found;
}

function placesOf(item: DicomObject, series: ReadonlyMap<string, string>): ImagePlace[] {
  if (text(item, PresentationTag.ValueType) !== 'IMAGE') return [];
  return items(item, PresentationTag.ReferencedSOPSequence).flatMap((reference) => {
    const sopInstanceUid = text(reference, PresentationTag.ReferencedSOPInstanceUID) ?? '';
    const seriesUid = series.get(sopInstanceUid);
    const frames = numbers(reference, PresentationTag.ReferencedFrameNumber);
    if (seriesUid === undefined) return [];
    return (frames.length > 0 ? frames : [1]).map((frameNumber) => ({
      seriesUid,
      sopInstanceUid,
      frameNumber,
    }));
  });
}
