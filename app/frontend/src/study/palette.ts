/** Palette tables as eight-bit values, however they were stored (PS3.3 C.7.6.3.1.5 and .6). */

/**
 * The entries of red, green and blue, one byte each.
 *
 * Tables of 16-bit entries keep their upper byte, unless all entries are below 256: such tables were written by software
 * that meant eight bits.
 */
export function paletteTables(tables: readonly Uint16Array[]): Uint8Array[] {
  const shift = tables.some((entries) => entries.some((entry) => entry > 255)) ? 8 : 0;
  return tables.map((entries) => Uint8Array.from(entries, (entry) => entry >> shift));
}
