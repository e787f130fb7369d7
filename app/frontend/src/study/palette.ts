/** Palette tables as eight-bit values, however they were stored (PS3.3 C.7.6.3.1.5 and .6). */

import type { PaletteChannel } from './frame';

/**
 * The table's entries, one byte each.
 *
 * `bytes` are little-endian. Tables of 16-bit entries keep their upper byte, unless all entries are below 256: such
 * tables were written by software that meant eight bits. Tables said to have 8-bit entries may still be stored as words.
 */
export function paletteTable(channel: PaletteChannel, bytes: Uint8Array): Uint8Array {
  const [count, , bits] = channel.descriptor;
  const isWords = bits > 8 || bytes.length >= count * 2;
  if (!isWords) return bytes.slice(0, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = Math.min(count, Math.floor(bytes.length / 2));
  const words = Array.from({ length: entries }, (_, index) => view.getUint16(index * 2, true));
  const shift = words.some((word) => word > 255) ? 8 : 0;
  return Uint8Array.from(words, (word) => word >> shift);
}
