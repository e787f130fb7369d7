import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { entriesOf, lookedUp, storedTable, tablesOf, type StoredTable } from './lookupTable';
import { paletteTables } from './palette';
import { value } from './testing';

const place = { descriptor: Tag.LUTDescriptor, data: Tag.LUTData };

function table(count: number, bits: number, more: Partial<StoredTable> = {}): StoredTable {
  return {
    count,
    first: 0,
    bits,
    isSegmented: false,
    values: [],
    inline: undefined,
    bulkUri: undefined,
    ...more,
  };
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}

describe('a stored table', () => {
  const data = { [Tag.LUTData]: value(1, 2) };

  test.each([
    [[0, 0, 16], 65536, 0],
    [[-32768, 0, 16], 32768, 0],
    [[2, 64512, 16], 2, -1024],
  ])('has the descriptor %s', (descriptor, count, first) => {
    const found = storedTable({ ...data, [Tag.LUTDescriptor]: value(...descriptor) }, place, true);
    expect(found).toMatchObject({ count, first });
  });

  test('starts high where what goes in is never negative', () => {
    expect(storedTable({ ...data, [Tag.LUTDescriptor]: value(2, 64512, 16) }, place, false)?.first).toBe(
      64512,
    );
  });

  test('is none without its data', () => {
    expect(storedTable({ [Tag.LUTDescriptor]: value(2, 0, 16) }, place, false)).toBeUndefined();
  });

  test('keeps its explanation', () => {
    const item = { ...data, [Tag.LUTDescriptor]: value(2, 0, 16), [Tag.LUTExplanation]: value('NORMAL') };
    const found = tablesOf({ [Tag.VOILUTSequence]: value(item) }, Tag.VOILUTSequence, false);
    expect(found.map(({ explanation }) => explanation)).toEqual(['NORMAL']);
  });
});

describe('entries', () => {
  test('come as numbers, words or bytes', () => {
    expect([...entriesOf(table(2, 16, { values: [7, 8] }), undefined)]).toEqual([7, 8]);
    expect([...entriesOf(table(2, 16), words(7, 8, 9))]).toEqual([7, 8]);
    expect([...entriesOf(table(3, 8), new Uint8Array([1, 2, 3, 0]))]).toEqual([1, 2, 3]);
    expect([...entriesOf(table(2, 8), words(5, 200))]).toEqual([5, 200]);
  });

  test('are written out from their segments', () => {
    const segments = words(0, 2, 10, 20, 1, 4, 60, 2, 2, 0, 0);
    const found = entriesOf(table(12, 16, { isSegmented: true }), segments);
    expect([...found]).toEqual([10, 20, 30, 40, 50, 60, 10, 20, 30, 40, 50, 60]);
  });

  test('of segments that lead nowhere come to an end', () => {
    expect([...entriesOf(table(9, 16, { isSegmented: true }), words(2, 1, 0, 0))]).toEqual([]);
    expect([...entriesOf(table(3, 16, { isSegmented: true }), words(9, 9))]).toEqual([]);
  });

  test('go on level at both ends', () => {
    const entries = Uint16Array.of(10, 20, 30);
    expect([-5, 4, 5, 99].map((value) => lookedUp(4, entries, value))).toEqual([10, 10, 20, 30]);
  });
});

describe('palettes', () => {
  test('of 16 bits keep their upper byte', () => {
    const [red, green] = paletteTables([Uint16Array.of(0x1234, 0xffff), Uint16Array.of(1, 200)]);
    expect([red, green]).toEqual([Uint8Array.of(0x12, 0xff), Uint8Array.of(0, 0)]);
  });

  test('of 16 bits that were meant as eight stay as they are', () => {
    expect(paletteTables([Uint16Array.of(5, 200)])).toEqual([Uint8Array.of(5, 200)]);
  });
});
