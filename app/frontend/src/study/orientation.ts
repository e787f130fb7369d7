/** Which way the patient lies on the screen (PS3.3 C.7.6.1.1.1, PS3.17 orientation letters). */

import { texts } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import type { Frame } from './frame';
import { dot, type Vector } from './vector';

export interface EdgeLetters {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

/** Parts of a unit vector below this do not earn a letter: within about 15 degrees of an axis there is one only. */
const least = 0.26;
const axes = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
] as const;
const opposites: Record<string, string | undefined> = {
  L: 'R',
  R: 'L',
  A: 'P',
  P: 'A',
  H: 'F',
  F: 'H',
  S: 'I',
  I: 'S',
};

/** The direction's letters, the strongest first: `L`, `AL`, `HAL`. */
export function lettersOf(direction: Vector): string {
  return direction
    .map((value, axis) => ({ size: Math.abs(value), letter: axes[axis]?.[value < 0 ? 1 : 0] ?? '' }))
    .filter(({ size }) => size > least)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('');
}

export function opposite(letters: string): string {
  return letters.replace(/./g, (letter) => opposites[letter] ?? '');
}

/**
 * The letters at the four edges of the viewport.
 *
 * `right` and `down` are the image's own directions of those screen axes: along its rows and along its columns.
 */
export function edgeLetters(
  frame: Frame,
  right: readonly [number, number],
  down: readonly [number, number],
): EdgeLetters | undefined {
  const rightLetters = lettersAlong(frame, right);
  const downLetters = lettersAlong(frame, down);
  if (rightLetters === undefined || downLetters === undefined) return undefined;
  return {
    right: rightLetters,
    left: opposite(rightLetters),
    bottom: downLetters,
    top: opposite(downLetters),
  };
}

function lettersAlong(frame: Frame, [alongRow, alongColumn]: readonly [number, number]): string | undefined {
  if (frame.plane) {
    const { row, column } = frame.plane;
    const at = (axis: 0 | 1 | 2): number => row[axis] * alongRow + column[axis] * alongColumn;
    return lettersOf([at(0), at(1), at(2)]);
  }
  const [rowLetters, columnLetters] = texts(frame.instance, Tag.PatientOrientation);
  if (!rowLetters || !columnLetters) return undefined;
  const alongTheRow = Math.abs(alongRow) >= Math.abs(alongColumn);
  const letters = alongTheRow ? rowLetters : columnLetters;
  const forwards = alongTheRow ? alongRow > 0 : alongColumn > 0;
  return forwards ? letters : opposite(letters);
}

/** A direction of the patient in terms of the image's rows and columns. */
export function inImageAxes(frame: Frame, direction: Vector): readonly [number, number] {
  const { row, column } = frame.plane ?? { row: [1, 0, 0], column: [0, 1, 0] };
  return [dot(direction, row as Vector), dot(direction, column as Vector)];
}
