/** Look-up tables as data sets hold them: of palettes, of the modality and of the VOI (PS3.3 C.7.6.3.1.5, C.7.9, C.11). */

import { inlineBytes, items, numbers, text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';

/** A table that may still have to be fetched. */
export interface StoredTable {
  count: number;
  /** The value that the first entry stands for. */
  first: number;
  /** Bits of an entry. */
  bits: number;
  explanation?: string | undefined;
  isSegmented: boolean;
  /** Entries given as numbers, or their bytes, or where these are. */
  values: readonly number[];
  inline: Uint8Array | undefined;
  bulkUri: string | undefined;
}

/** Where a table's parts stand in its item or data set. */
interface Place {
  descriptor: string;
  data: string;
  segments?: string;
}

const inItem: Place = { descriptor: Tag.LUTDescriptor, data: Tag.LUTData };

/** The table at `place`; `mayBeNegative` says that what goes into it can be less than zero. */
export function storedTable(
  holder: DicomObject,
  place: Place,
  mayBeNegative: boolean,
): StoredTable | undefined {
  const [count, first, bits] = numbers(holder, place.descriptor);
  const segments = place.segments !== undefined && holder[place.segments] !== undefined;
  const tag = segments ? (place.segments ?? place.data) : place.data;
  if (count === undefined || first === undefined || bits === undefined || holder[tag] === undefined)
    return undefined;
  return {
    count: countOf(count),
    // The descriptor's one VR cannot say that the first value is signed where its count is not.
    first: mayBeNegative && first > 0x7fff ? first - 0x10000 : first,
    bits,
    isSegmented: segments,
    values: numbers(holder, tag),
    inline: inlineBytes(holder, tag),
    bulkUri: holder[tag].BulkDataURI,
  };
}

/** Zero stands for 65536, and a count above 32767 may have come as a negative number. */
function countOf(count: number): number {
  return count > 0 ? count : count + 0x10000;
}

/** The tables in the items of a sequence, with their explanations. */
export function tablesOf(holder: DicomObject, sequence: string, mayBeNegative: boolean): StoredTable[] {
  return items(holder, sequence).flatMap((item) => {
    const table = storedTable(item, inItem, mayBeNegative);
    return table ? [{ ...table, explanation: text(item, Tag.LUTExplanation) }] : [];
  });
}

/** The entries as numbers; `bytes` are little-endian. Entries said to have 8 bits may still be stored as words. */
export function entriesOf(table: StoredTable, bytes: Uint8Array | undefined): Uint16Array {
  if (!bytes) return Uint16Array.from(table.values);
  if (table.isSegmented) return unfolded(elementsOf(bytes, table.bits > 8), table.bits > 8, table.count);
  return elementsOf(bytes, table.bits > 8 || bytes.length >= table.count * 2).subarray(0, table.count);
}

function elementsOf(bytes: Uint8Array, areWords: boolean): Uint16Array {
  if (!areWords) return Uint16Array.from(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, index) => view.getUint16(index * 2, true));
}

const discrete = 0;
const linear = 1;
const indirect = 2;

/** Writes segments out: runs of values, straight lines, and repetitions of earlier segments (PS3.3 C.7.9.2). */
function unfolded(data: Uint16Array, areWords: boolean, count: number): Uint16Array {
  const entries: number[] = [];
  let at = 0;
  const next = (): number => data[at++] ?? 0;
  const repeat = (segments: number): void => {
    const target = areWords
      ? (next() + next() * 0x10000) / 2
      : next() + next() * 0x100 + next() * 0x10000 + next() * 0x1000000;
    const back = at;
    at = target;
    run(segments, false);
    at = back;
  };
  // What is repeated repeats nothing itself, or it might never end.
  const run = (segments: number, mayRepeat: boolean): void => {
    for (let done = 0; done < segments && at < data.length && entries.length < count; done += 1) {
      const [kind, length] = [next(), next()];
      if (kind === discrete) for (let index = 0; index < length; index += 1) entries.push(next());
      else if (kind === linear) line(entries, length, next());
      else if (kind === indirect && mayRepeat) repeat(length);
      else return;
    }
  };
  run(Infinity, true);
  return Uint16Array.from(entries).subarray(0, count);
}

function line(entries: number[], length: number, end: number): void {
  const start = entries.at(-1) ?? 0;
  for (let step = 1; step <= length; step += 1)
    entries.push(Math.round(start + ((end - start) * step) / length));
}

/** What the table makes of a value: its first entry below it, its last above it. */
export function lookedUp(first: number, entries: Uint16Array, value: number): number {
  const index = Math.min(entries.length - 1, Math.max(0, Math.round(value) - first));
  return entries[index] ?? 0;
}
