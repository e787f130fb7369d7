/** Turning a volume in the hand: the eye goes round it. */

import { rightOf, type PlaneAxes } from './planes';
import { negate, turned, unit } from './vector';

/** The volume follows the hand: rightwards and downwards, in degrees. */
export function orbited(axes: PlaneAxes, rightwards: number, downwards: number): PlaneAxes {
  const about = (degrees: number): number => (degrees * Math.PI) / 180;
  const aside = turned(axes.normal, axes.up, about(-rightwards));
  const right = rightOf({ normal: aside, up: axes.up });
  return {
    normal: unit(turned(aside, right, about(-downwards))),
    up: unit(turned(axes.up, right, about(-downwards))),
  };
}

export const directions = ['A', 'P', 'L', 'R', 'H', 'F'] as const;
export type Direction = (typeof directions)[number];

/** Where the eye is: in front, behind, on a side, above or below. */
export const eyes: Record<Direction, PlaneAxes> = {
  A: { normal: [0, -1, 0], up: [0, 0, 1] },
  P: { normal: [0, 1, 0], up: [0, 0, 1] },
  L: { normal: [1, 0, 0], up: [0, 0, 1] },
  R: { normal: [-1, 0, 0], up: [0, 0, 1] },
  H: { normal: [0, 0, 1], up: negate([0, 1, 0]) },
  F: { normal: [0, 0, -1], up: negate([0, 1, 0]) },
};
