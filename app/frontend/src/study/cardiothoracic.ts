/** The cardiothoracic ratio: how wide the heart is of the thorax, whatever the image's calibration. */

import { length, subtract, type Vector } from './vector';

export interface CardiothoracicRatio {
  /** Both as long as the points' own unit. */
  heart: number;
  thorax: number;
  /** In per cent. */
  ratio: number;
}

/** From the ends of two diameters, in whichever order they were drawn: the heart's is the smaller. */
export function cardiothoracicOf(points: readonly Vector[]): CardiothoracicRatio | undefined {
  const [a, b, c, d] = points;
  if (!a || !b || !c || !d) return undefined;
  const diameters = [length(subtract(b, a)), length(subtract(d, c))] as const;
  const heart = Math.min(...diameters);
  const thorax = Math.max(...diameters);
  return thorax > 0 ? { heart, thorax, ratio: (100 * heart) / thorax } : undefined;
}
