/** Which image is beside another, in a grid whose rows are as wide as the window allows. */

export interface Spot {
  readonly left: number;
  readonly top: number;
}

export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

export function isArrow(key: string): key is Arrow {
  return ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(key);
}

/** The index of the image that an arrow leads to; the same one at the edge. `spots` are in reading order. */
export function neighbour(spots: readonly Spot[], index: number, arrow: Arrow): number {
  if (arrow === 'ArrowLeft') return Math.max(index - 1, 0);
  if (arrow === 'ArrowRight') return Math.min(index + 1, spots.length - 1);
  const here = spots[index];
  if (!here) return index;
  const rows = spots.map(({ top }) => top);
  const tops =
    arrow === 'ArrowDown' ? rows.filter((top) => top > here.top) : rows.filter((top) => top < here.top);
  if (tops.length === 0) return index;
  const row = arrow === 'ArrowDown' ? Math.min(...tops) : Math.max(...tops);
  let best = index;
  for (const [candidate, spot] of spots.entries()) {
    if (spot.top !== row) continue;
    const known = best === index ? Infinity : Math.abs((spots[best]?.left ?? 0) - here.left);
    if (Math.abs(spot.left - here.left) < known) best = candidate;
  }
  return best;
}

/** What is chosen, in words. */
export function chosenInWords(images: number, series: number, wholeStudy: boolean): string {
  if (wholeStudy) return 'The whole study is chosen';
  const parts = [
    series > 0 ? `${String(series)} whole series` : '',
    images > 0 ? `${String(images)} image${images === 1 ? '' : 's'}` : '',
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(' and ')} chosen` : 'Choose images';
}
