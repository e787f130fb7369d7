/** Palettes for PALETTE COLOR images, fetched before the first pixel is coloured. */

import { CorruptDataError } from '../dicomweb/errors';
import type { Frame, PaletteChannel } from '../study/frame';
import { paletteTable } from '../study/palette';
import type { FrameSource } from './frameRegistry';

interface Tables {
  red: Uint8Array;
  green: Uint8Array;
  blue: Uint8Array;
}

export class PaletteTables {
  private readonly tables = new Map<string, Tables>();

  constructor(private readonly source: FrameSource) {}

  async prepare(imageId: string, frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame.pixels.photometricInterpretation !== 'PALETTE COLOR' || this.tables.has(imageId)) return;
    const { palette } = frame.pixels;
    if (!palette) throw new CorruptDataError('a palette image without its palette');
    const [red, green, blue] = await Promise.all([
      this.table(palette.red, signal),
      this.table(palette.green, signal),
      this.table(palette.blue, signal),
    ]);
    this.tables.set(imageId, { red, green, blue });
  }

  /** The part of the image pixel module that describes the palette. */
  module(imageId: string, frame: Frame): Record<string, unknown> {
    const tables = this.tables.get(imageId);
    const { palette } = frame.pixels;
    if (!tables || !palette) return {};
    const descriptor = ({ descriptor: [, first] }: PaletteChannel, table: Uint8Array): number[] => [
      table.length,
      first,
      8,
    ];
    return {
      redPaletteColorLookupTableDescriptor: descriptor(palette.red, tables.red),
      greenPaletteColorLookupTableDescriptor: descriptor(palette.green, tables.green),
      bluePaletteColorLookupTableDescriptor: descriptor(palette.blue, tables.blue),
      redPaletteColorLookupTableData: tables.red,
      greenPaletteColorLookupTableData: tables.green,
      bluePaletteColorLookupTableData: tables.blue,
    };
  }

  private async table(channel: PaletteChannel, signal: AbortSignal): Promise<Uint8Array> {
    const fetched = channel.bulkUri ? this.source.bulkData(channel.bulkUri, signal) : undefined;
    const bytes = channel.inline ?? (await fetched);
    if (!bytes) throw new CorruptDataError('a palette without values');
    return paletteTable(channel, bytes);
  }
}
