/** Stands in for xmlbuilder2, which only the unused XML readers of the image library import. */

function unavailable(): never {
  throw new Error('XML readers are left out of this bundle');
}

export const convert = unavailable;
export const create = unavailable;
export const decompressSync = unavailable;
