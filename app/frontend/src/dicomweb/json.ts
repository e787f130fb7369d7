/** Reading values out of the DICOM JSON Model (PS3.18 Annex F) without trusting that they are there. */

export interface PersonNameValue {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

export type DicomValue = string | number | PersonNameValue | DicomObject | null;

export interface DicomElement {
  vr: string;
  Value?: DicomValue[];
  InlineBinary?: string;
  BulkDataURI?: string;
}

/** Elements by tag, written as eight upper-case hexadecimal digits. */
export type DicomObject = Record<string, DicomElement | undefined>;

function values(object: DicomObject | undefined, tag: string): DicomValue[] {
  return object?.[tag]?.Value ?? [];
}

function toNumber(value: DicomValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

export function text(object: DicomObject | undefined, tag: string): string | undefined {
  const [first] = values(object, tag);
  if (typeof first === 'number') return String(first);
  const trimmed = typeof first === 'string' ? first.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}

export function texts(object: DicomObject | undefined, tag: string): string[] {
  return values(object, tag)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => String(value).trim());
}

export function number(object: DicomObject | undefined, tag: string): number | undefined {
  return toNumber(values(object, tag)[0]);
}

/** All values as numbers; empty as soon as one of them is none, since a vector with a hole has no meaning. */
export function numbers(object: DicomObject | undefined, tag: string): number[] {
  const parsed = values(object, tag).map(toNumber);
  return parsed.every((value) => value !== undefined) ? parsed : [];
}

export function items(object: DicomObject | undefined, tag: string): DicomObject[] {
  return values(object, tag).filter(
    (value): value is DicomObject => typeof value === 'object' && value !== null,
  );
}

/** The components of a person's name, alphabetic if there is one, joined as `FAMILY, Given Middle`. */
export function personName(object: DicomObject | undefined, tag: string): string | undefined {
  const [first] = values(object, tag);
  const raw = typeof first === 'string' ? first : personNameGroup(first);
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = raw
    .split('^')
    .map((part) => part.trim());
  const givenNames = [prefix, given, middle, suffix].filter((part) => part !== '').join(' ');
  const name = [family, givenNames].filter((part) => part !== '').join(', ');
  return name === '' ? undefined : name;
}

function personNameGroup(value: DicomValue | undefined): string {
  if (typeof value !== 'object' || value === null) return '';
  const groups = value as PersonNameValue;
  return [groups.Alphabetic, groups.Ideographic, groups.Phonetic].find((group) => group) ?? '';
}

/** The bytes of an element that came inline; undefined when it is absent or has to be fetched. */
export function inlineBytes(object: DicomObject | undefined, tag: string): Uint8Array | undefined {
  const encoded = object?.[tag]?.InlineBinary;
  if (encoded === undefined) return undefined;
  return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
}
