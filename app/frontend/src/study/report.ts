/** The content tree of a structured report (PS3.3 C.17.3), bounded and in words. */

import { items, numbers, personName, text, texts, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { formatDate } from './format';
import { unitText, withUnit } from './units';

export interface Reference {
  sopInstanceUid: string;
  /** From 1; empty for all of the object. */
  frames: number[];
  seriesUid: string | undefined;
  studyUid: string | undefined;
}

export interface ReportItem {
  kind: string;
  relationship: string;
  name: string;
  /** The concept as `scheme:value`, by which like items are found. */
  concept: string;
  value: string;
  references: Reference[];
  children: ReportItem[];
}

export interface Fact {
  label: string;
  value: string;
}

export interface Report {
  title: string;
  /** Whether somebody has put their name to it, and other things to know before reading. */
  marks: { text: string; isWarning: boolean }[];
  facts: Fact[];
  /** Who observed and what about: the context that stands over the whole report. */
  context: ReportItem[];
  items: ReportItem[];
  /** How many items were left out because there are too many. */
  omitted: number;
}

export const usualItemLimit = 2000;

export function reportOf(instance: DicomObject, limit = usualItemLimit): Report {
  const reader = new TreeReader(evidenceOf(instance), limit);
  const all = reader.children(instance);
  const isContext = ({ relationship }: ReportItem): boolean => relationship === 'HAS OBS CONTEXT';
  return {
    title: conceptName(instance) || 'Structured report',
    marks: marksOf(instance),
    facts: factsOf(instance),
    context: all.filter(isContext),
    items: all.filter((item) => !isContext(item)),
    omitted: reader.omitted,
  };
}

class TreeReader {
  private count = 0;
  omitted = 0;

  constructor(
    private readonly evidence: ReadonlyMap<string, Evidence>,
    private readonly limit: number,
  ) {}

  children(parent: DicomObject): ReportItem[] {
    const found: ReportItem[] = [];
    for (const item of items(parent, Tag.ContentSequence)) {
      if (this.count >= this.limit) {
        this.omitted += countOf(item);
        continue;
      }
      this.count += 1;
      found.push(this.item(item));
    }
    return found;
  }

  private item(item: DicomObject): ReportItem {
    const kind = text(item, Tag.ValueType) ?? '';
    const [code] = items(item, Tag.ConceptNameCodeSequence);
    return {
      kind,
      relationship: text(item, Tag.RelationshipType) ?? '',
      name: conceptName(item),
      concept: `${text(code, Tag.CodingSchemeDesignator) ?? ''}:${codeValue(code)}`,
      value: valueOf(kind, item),
      references: this.references(item),
      children: this.children(item),
    };
  }

  private references(item: DicomObject): Reference[] {
    return items(item, Tag.ReferencedSOPSequence).map((reference) => {
      const sopInstanceUid = text(reference, Tag.ReferencedSOPInstanceUID) ?? '';
      const frames = numbers(reference, Tag.ReferencedFrameNumber);
      return {
        sopInstanceUid,
        frames,
        seriesUid: undefined,
        studyUid: undefined,
        ...this.evidence.get(sopInstanceUid),
      };
    });
  }
}

/** Without recursion: what is left out may be anything. */
function countOf(item: DicomObject): number {
  const waiting = [item];
  let count = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    count += 1;
    waiting.push(...items(next, Tag.ContentSequence));
  }
  return count;
}

interface Evidence {
  seriesUid: string | undefined;
  studyUid: string | undefined;
}

/** In which series and study each object lies that the report names (PS3.3 C.17.2.1). */
function evidenceOf(instance: DicomObject): Map<string, Evidence> {
  const found = new Map<string, Evidence>();
  for (const tag of [Tag.CurrentRequestedProcedureEvidenceSequence, Tag.PertinentOtherEvidenceSequence]) {
    for (const study of items(instance, tag)) {
      const studyUid = text(study, Tag.StudyInstanceUID);
      for (const series of items(study, Tag.ReferencedSeriesSequence)) {
        const seriesUid = text(series, Tag.SeriesInstanceUID);
        for (const object of items(series, Tag.ReferencedSOPSequence)) {
          found.set(text(object, Tag.ReferencedSOPInstanceUID) ?? '', { seriesUid, studyUid });
        }
      }
    }
  }
  return found;
}

export function codeValue(code: DicomObject | undefined): string {
  return text(code, Tag.CodeValue) ?? text(code, Tag.LongCodeValue) ?? text(code, Tag.URNCodeValue) ?? '';
}

/** The meaning of the first code in a sequence, else the code itself. */
export function codeMeaning(object: DicomObject, tag: string): string {
  const [code] = items(object, tag);
  return text(code, Tag.CodeMeaning) ?? codeValue(code);
}

function conceptName(item: DicomObject): string {
  return codeMeaning(item, Tag.ConceptNameCodeSequence);
}

function valueOf(kind: string, item: DicomObject): string {
  switch (kind) {
    case 'NUM':
      return measured(item);
    case 'CODE':
      return codeMeaning(item, Tag.ConceptCodeSequence);
    case 'TEXT':
      return text(item, Tag.TextValue) ?? '';
    case 'PNAME':
      return personName(item, Tag.PersonName) ?? '';
    case 'DATE':
      return formatDate(text(item, Tag.Date)) ?? '';
    case 'TIME':
      return clockTime(text(item, Tag.Time));
    case 'DATETIME':
      return dateAndTime(text(item, Tag.DateTime));
    case 'UIDREF':
      return text(item, Tag.UID) ?? '';
    case 'SCOORD':
    case 'SCOORD3D':
      return `${capitalised(text(item, Tag.GraphicType) ?? 'region')} drawn on the image`;
    case 'TCOORD':
      return capitalised(text(item, Tag.TemporalRangeType) ?? 'time range');
    case '':
      return byReference(item);
    default:
      return '';
  }
}

function measured(item: DicomObject): string {
  const [value] = items(item, Tag.MeasuredValueSequence);
  const qualifier = codeMeaning(item, Tag.NumericValueQualifierCodeSequence);
  const figure = text(value, Tag.NumericValue);
  if (value === undefined || figure === undefined) return qualifier || 'no value';
  const unit = unitOf(value);
  return withUnit(figure, unit) + (qualifier ? ` (${qualifier})` : '');
}

export function unitOf(value: DicomObject): string {
  const [code] = items(value, Tag.MeasurementUnitsCodeSequence);
  if (!code) return '';
  const isUcum = text(code, Tag.CodingSchemeDesignator) === 'UCUM';
  return isUcum ? unitText(codeValue(code)) : (text(code, Tag.CodeMeaning) ?? codeValue(code));
}

/** An item that stands for another one, named by its place in the tree (PS3.3 C.17.3.2.5). */
function byReference(item: DicomObject): string {
  const place = texts(item, Tag.ReferencedContentItemIdentifier);
  return place.length > 0 ? `see item ${place.join('.')}` : '';
}

function clockTime(value: string | undefined): string {
  const match = /^(\d{2})(\d{2})?(\d{2})?/.exec(value ?? '');
  return match ? [match[1], match[2] ?? '00', match[3]].filter(Boolean).join(':') : (value ?? '');
}

/** `20250320101500.0000+0100` as `2025-03-20 10:15:00 +01:00`. */
export function dateAndTime(value: string | undefined): string {
  const match = /^(\d{8})(\d{2,6})?(?:\.\d+)?([+-]\d{4})?$/.exec(value ?? '');
  if (!match) return value ?? '';
  const zone = match[3] ? `${match[3].slice(0, 3)}:${match[3].slice(3)}` : '';
  return [formatDate(match[1]), clockTime(match[2]), zone].filter(Boolean).join(' ');
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

function marksOf(instance: DicomObject): Report['marks'] {
  const marks: Report['marks'] = [];
  const completion = text(instance, Tag.CompletionFlag);
  const verification = text(instance, Tag.VerificationFlag);
  const preliminary = text(instance, Tag.PreliminaryFlag);
  if (completion) marks.push({ text: capitalised(completion), isWarning: completion !== 'COMPLETE' });
  if (verification) marks.push({ text: capitalised(verification), isWarning: verification !== 'VERIFIED' });
  if (preliminary) marks.push({ text: capitalised(preliminary), isWarning: preliminary !== 'FINAL' });
  return marks;
}

function factsOf(instance: DicomObject): Fact[] {
  const date = dateAndTime(
    `${text(instance, Tag.ContentDate) ?? ''}${text(instance, Tag.ContentTime) ?? ''}`,
  );
  const birthDate = formatDate(text(instance, Tag.PatientBirthDate));
  const facts: Fact[] = [
    fact(
      'Patient',
      personName(instance, Tag.PatientName),
      text(instance, Tag.PatientID),
      birthDate && `born ${birthDate}`,
    ),
    fact('Study', text(instance, Tag.StudyDescription), formatDate(text(instance, Tag.StudyDate))),
    fact('Written', date),
    fact('Status', text(instance, Tag.CompletionFlagDescription)),
    ...items(instance, Tag.AuthorObserverSequence).map((author) =>
      fact('Author', personName(author, Tag.PersonName)),
    ),
    ...items(instance, Tag.VerifyingObserverSequence).map((observer) =>
      fact(
        'Verified by',
        personName(observer, Tag.VerifyingObserverName),
        text(observer, Tag.VerifyingOrganization),
        dateAndTime(text(observer, Tag.VerificationDateTime)),
      ),
    ),
    fact('Made by', text(instance, Tag.Manufacturer), text(instance, Tag.ManufacturerModelName)),
  ];
  return facts.filter(({ value }) => value !== '');
}

function fact(label: string, ...parts: (string | undefined)[]): Fact {
  return { label, value: parts.filter((part) => part !== undefined && part !== '').join(' · ') };
}

/** Where an image stands, for the words of its link. */
export function instanceLabel(reference: Reference, seriesNumber: number | undefined): string {
  const series = seriesNumber === undefined ? 'Image' : `Image in series ${seriesNumber}`;
  if (reference.frames.length === 0) return series;
  return `${series}, frame ${reference.frames.join(', ')}`;
}
