/** Lengths measured in planes: lines between two points of the patient, in millimetres, shown where their plane is. */

import { toPatient, toScreen, type PlaneView, type ScreenPoint } from './planes';
import { dot, length, subtract, type Vector } from './vector';

export type PlaneLine = readonly [from: Vector, to: Vector];

/** A line as it lies on the screen of a plane. */
export interface ShownLine {
  /** Its place in the list. */
  index: number;
  ends: readonly [ScreenPoint, ScreenPoint];
  millimetres: number;
}

export interface LineGrip {
  index: number;
  end: 0 | 1;
}

/** Closer than this, in CSS pixels, counts as on an end. */
const reach = 9;
/** A press without a pull leaves no line; nor does one as short as this, in CSS pixels. */
const shortest = 3;

export function lengthOf([from, to]: PlaneLine): number {
  return length(subtract(to, from));
}

/** The lines that lie in the plane: no end is further from it than `tolerance`, in millimetres. */
export function linesOn(view: PlaneView, lines: readonly PlaneLine[], tolerance: number): ShownLine[] {
  return lines.flatMap((line, index) => {
    const away = line.map((end) => Math.abs(dot(subtract(end, view.center), view.axes.normal)));
    if (Math.max(...away) > tolerance) return [];
    return [{ index, ends: [toScreen(view, line[0]), toScreen(view, line[1])], millimetres: lengthOf(line) }];
  });
}

/** The end below the hand; the line that was drawn last lies on top. */
export function lineGripAt(shown: readonly ShownLine[], [x, y]: ScreenPoint): LineGrip | undefined {
  for (const { index, ends } of [...shown].reverse()) {
    for (const end of [1, 0] as const) {
      if (Math.hypot(ends[end][0] - x, ends[end][1] - y) <= reach) return { index, end };
    }
  }
  return undefined;
}

/** The lines after one end was pulled to a point of the screen. */
export function lineEndMoved(
  lines: readonly PlaneLine[],
  { index, end }: LineGrip,
  view: PlaneView,
  at: ScreenPoint,
): PlaneLine[] {
  const point = toPatient(view, at);
  return lines.map((line, place) => {
    if (place !== index) return line;
    return end === 0 ? [point, line[1]] : [line[0], point];
  });
}

/** Whether the line is too short to have been meant. */
export function isAccident(view: PlaneView, line: PlaneLine): boolean {
  return lengthOf(line) < shortest * view.millimetresPerPixel;
}
