/** The look-up tables of images, fetched before the first pixel needs them. */

import { CorruptDataError } from '../dicomweb/errors';
import type { Frame, Palette } from '../study/frame';
import { entriesOf, type StoredTable } from '../study/lookupTable';
import { paletteTables } from '../study/palette';
import type { FrameSource } from './frameRegistry';

export class LookupTables {
  private readonly known = new WeakMap<StoredTable, Uint16Array>();

  constructor(private readonly source: FrameSource) {}

  /** Fetches whatever tables the frame needs; frames of one instance share theirs. */
  async prepare(frame: Frame, signal: AbortSignal): Promise<void> {
    const { photometricInterpretation, palette } = frame.pixels;
    const isPalette = photometricInterpretation === 'PALETTE COLOR';
    if (isPalette && !palette) throw new CorruptDataError('a palette image without its palette');
    const tables = [
      ...(isPalette && palette ? [palette.red, palette.green, palette.blue] : []),
      ...(frame.modalityTable ? [frame.modalityTable] : []),
      ...frame.windows.flatMap(({ table }) => (table ? [table] : [])),
    ];
    await Promise.all(tables.map((table) => this.load(table, signal)));
  }

  /** The entries of a table that has been prepared. */
  entries(table: StoredTable | undefined): Uint16Array | undefined {
    return table && this.known.get(table);
  }

  /** The part of the image pixel module that describes the palette. */
  paletteModule({ pixels: { palette } }: Frame): Record<string, unknown> {
    const colours = palette && this.colours(palette);
    if (!colours) return {};
    const { red, green, blue } = colours;
    const descriptor = (table: Uint8Array, { first }: StoredTable): number[] => [table.length, first, 8];
    return {
      redPaletteColorLookupTableDescriptor: descriptor(red, palette.red),
      greenPaletteColorLookupTableDescriptor: descriptor(green, palette.green),
      bluePaletteColorLookupTableDescriptor: descriptor(blue, palette.blue),
      redPaletteColorLookupTableData: red,
      greenPaletteColorLookupTableData: green,
      bluePaletteColorLookupTableData: blue,
    };
  }

  private colours(palette: Palette): Record<keyof Palette, Uint8Array> | undefined {
    const [red, green, blue] = [palette.red, palette.green, palette.blue].map((table) =>
      this.known.get(table),
    );
    if (!red || !green || !blue) return undefined;
    const [reds, greens, blues] = paletteTables([red, green, blue]);
    return reds && greens && blues && { red: reds, green: greens, blue: blues };
  }

  /** Fetches a table that is none of the image's own. */
  async load(table: StoredTable, signal?: AbortSignal): Promise<void> {
    if (this.known.has(table)) return;
    const fetched = table.bulkUri
      ? await this.source.bulkData(table.bulkUri, signal ?? new AbortController().signal)
      : undefined;
    const entries = entriesOf(table, table.inline ?? fetched);
    if (entries.length === 0) throw new CorruptDataError('a look-up table without values');
    this.known.set(table, entries);
  }
}
