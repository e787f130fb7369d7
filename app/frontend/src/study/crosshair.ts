/** The crosshair as it lies on one plane: its two lines, what can be taken hold of, and what a pull does. */

import {
  cutOn,
  movedTo,
  planeNames,
  toPatient,
  toScreen,
  turnedIn,
  type PlaneName,
  type Planes,
  type PlaneView,
  type ScreenPoint,
} from './planes';
import { add, dot, scale, subtract } from './vector';

export interface CrosshairLine {
  /** The plane that cuts here. */
  of: PlaneName;
  /** A unit vector of the screen. */
  direction: ScreenPoint;
  /** Where the line can be turned. */
  handles: readonly [ScreenPoint, ScreenPoint];
}

export interface CrosshairShape {
  center: ScreenPoint;
  lines: readonly CrosshairLine[];
}

export type Grip = { kind: 'center' } | { kind: 'turn' } | { kind: 'line'; of: PlaneName };

/** Part of the shorter side at which the handles are. */
const handleShare = 0.36;
/** Closer than this, in CSS pixels, counts as on it. */
const reach = { handle: 11, line: 6, center: 14 };

export function crosshairOn(view: PlaneView, planes: Planes, name: PlaneName): CrosshairShape {
  const center = toScreen(view, planes.crosshair);
  const distance = handleShare * Math.min(view.width, view.height);
  const lines = planeNames
    .filter((other) => other !== name)
    .map((of): CrosshairLine => {
      const direction = cutOn(view, planes.axes[of]);
      return {
        of,
        direction,
        handles: [along(center, direction, distance), along(center, direction, -distance)],
      };
    });
  return { center, lines };
}

export function along([x, y]: ScreenPoint, [dx, dy]: ScreenPoint, distance: number): ScreenPoint {
  return [x + dx * distance, y + dy * distance];
}

/** What lies below the hand; away from the lines the crosshair comes to the hand. */
export function gripAt({ center, lines }: CrosshairShape, point: ScreenPoint): Grip {
  if (between(center, point) <= reach.center) return { kind: 'center' };
  if (lines.some(({ handles }) => handles.some((handle) => between(handle, point) <= reach.handle)))
    return { kind: 'turn' };
  const [nearest] = lines
    .map(({ of, direction }) => ({ of, away: awayFrom(center, direction, point) }))
    .sort((a, b) => a.away - b.away);
  return nearest && nearest.away <= reach.line ? { kind: 'line', of: nearest.of } : { kind: 'center' };
}

/** The planes after a pull from one point of the screen to another. */
export function pulled(
  planes: Planes,
  view: PlaneView,
  name: PlaneName,
  grip: Grip,
  from: ScreenPoint,
  to: ScreenPoint,
): Planes {
  if (grip.kind === 'turn')
    return turnedIn(planes, name, angle(view, planes, to) - angle(view, planes, from));
  if (grip.kind === 'center') return movedTo(planes, toPatient(view, to));
  const { normal } = planes.axes[grip.of];
  const distance = dot(subtract(toPatient(view, to), toPatient(view, from)), normal);
  return movedTo(planes, add(planes.crosshair, scale(normal, distance)));
}

function angle(view: PlaneView, { crosshair }: Planes, [x, y]: ScreenPoint): number {
  const [centerX, centerY] = toScreen(view, crosshair);
  return Math.atan2(centerY - y, x - centerX);
}

function between([ax, ay]: ScreenPoint, [bx, by]: ScreenPoint): number {
  return Math.hypot(ax - bx, ay - by);
}

function awayFrom([cx, cy]: ScreenPoint, [dx, dy]: ScreenPoint, [x, y]: ScreenPoint): number {
  return Math.abs((x - cx) * dy - (y - cy) * dx);
}
