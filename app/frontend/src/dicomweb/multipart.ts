/** Taking one frame out of a multipart/related answer (PS3.18 section 8.6, RFC 2387). */

import { CorruptDataError } from './errors';

export interface Part {
  contentType: string;
  bytes: Uint8Array;
}

const implicitLittleEndian = '1.2.840.10008.1.2';

/** What a media type means when it names no transfer syntax (PS3.18 table 8.7.3-5). */
const defaultTransferSyntax: Record<string, string | undefined> = {
  'application/octet-stream': '1.2.840.10008.1.2.1',
  'image/jpeg': '1.2.840.10008.1.2.4.50',
  'image/dicom-rle': '1.2.840.10008.1.2.5',
  'image/x-dicom-rle': '1.2.840.10008.1.2.5',
  'image/jls': '1.2.840.10008.1.2.4.80',
  'image/x-jls': '1.2.840.10008.1.2.4.80',
  'image/jll': '1.2.840.10008.1.2.4.70',
  'image/jp2': '1.2.840.10008.1.2.4.90',
  'image/jphc': '1.2.840.10008.1.2.4.201',
};

export function mediaType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

export function parameter(contentType: string, name: string): string | undefined {
  const pattern = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, 'i');
  const match = pattern.exec(contentType);
  return match ? (match[1] ?? match[2]) : undefined;
}

export function transferSyntaxOf(contentType: string): string {
  return (
    parameter(contentType, 'transfer-syntax') ??
    defaultTransferSyntax[mediaType(contentType)] ??
    implicitLittleEndian
  );
}

/** The first body part, or the whole body when the answer is not multipart at all. */
export function firstPart(bytes: Uint8Array, contentType: string): Part {
  if (!mediaType(contentType).startsWith('multipart/')) return { contentType, bytes };
  const boundary = parameter(contentType, 'boundary');
  if (boundary === undefined) throw new CorruptDataError('a multipart answer without a boundary');
  const start = indexOf(bytes, encode(`--${boundary}\r\n`), 0);
  const headEnd = start < 0 ? -1 : indexOf(bytes, encode('\r\n\r\n'), start);
  if (headEnd < 0) throw new CorruptDataError('a multipart answer without a part');
  const head = new TextDecoder().decode(bytes.subarray(start, headEnd));
  const bodyStart = headEnd + 4;
  return {
    contentType: header(head, 'content-type') ?? 'application/octet-stream',
    bytes: bytes.subarray(bodyStart, bodyEnd(bytes, bodyStart, boundary, header(head, 'content-length'))),
  };
}

function bodyEnd(bytes: Uint8Array, start: number, boundary: string, length: string | undefined): number {
  const end =
    length === undefined ? indexOf(bytes, encode(`\r\n--${boundary}`), start) : start + Number(length);
  if (!(end >= start && end <= bytes.length)) throw new CorruptDataError('a multipart answer broke off');
  return end;
}

function header(head: string, name: string): string | undefined {
  const line = head.split('\r\n').find((candidate) => candidate.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function encode(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
