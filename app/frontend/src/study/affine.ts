/**
 * Where points of an image lie on the screen.
 *
 * In coordinates of the image (0, 0) is the outer corner of its first pixel and (columns, rows) that of its last, as in
 * PS3.3 C.10.5.1.2; on the screen (0, 0) is the viewport's upper left corner, in CSS pixels.
 */

export type Point = readonly [x: number, y: number];

/** As a canvas takes it: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export interface Affine {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export function applied({ a, b, c, d, e, f }: Affine, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** Undefined for what has no inverse: an image without extent on the screen. */
export function inverse({ a, b, c, d, e, f }: Affine): Affine | undefined {
  const size = a * d - b * c;
  if (!Number.isFinite(size) || Math.abs(size) < Number.EPSILON) return undefined;
  return {
    a: d / size,
    b: -b / size,
    c: -c / size,
    d: a / size,
    e: (c * f - d * e) / size,
    f: (b * e - a * f) / size,
  };
}

/** The map that takes three points to three others. */
export function throughPoints(
  from: readonly [Point, Point, Point],
  to: readonly [Point, Point, Point],
): Affine | undefined {
  const base = frameOf(from);
  const back = inverse(base);
  return back && after(frameOf(to), back);
}

/** Takes (0, 0), (1, 0) and (0, 1) to the three points. */
function frameOf([origin, right, down]: readonly [Point, Point, Point]): Affine {
  return {
    a: right[0] - origin[0],
    b: right[1] - origin[1],
    c: down[0] - origin[0],
    d: down[1] - origin[1],
    e: origin[0],
    f: origin[1],
  };
}

/** First `inner`, then `outer`. */
function after(outer: Affine, inner: Affine): Affine {
  const [e, f] = applied(outer, [inner.e, inner.f]);
  return {
    a: outer.a * inner.a + outer.c * inner.b,
    b: outer.b * inner.a + outer.d * inner.b,
    c: outer.a * inner.c + outer.c * inner.d,
    d: outer.b * inner.c + outer.d * inner.d,
    e,
    f,
  };
}

export interface Turn {
  /** Clockwise, in degrees, before the flip (PS3.3 C.10.6). */
  rotation: 0 | 90 | 180 | 270;
  /** About the screen's vertical axis. */
  flipped: boolean;
}

/** How an image is turned on the screen; what lies askew counts as the nearest quarter. */
export function turnOf({ a, b, c, d }: Affine): Turn {
  const flipped = a * d - b * c < 0;
  // Undoing the flip leaves a rotation, which the image's rows show.
  const angle = (Math.atan2(b, flipped ? -a : a) * 180) / Math.PI;
  return { rotation: ((((Math.round(angle / 90) % 4) + 4) % 4) * 90) as Turn['rotation'], flipped };
}

/** Screen pixels that one row of the image takes along its columns' direction, and one column along its rows'. */
export function scaleOf({ a, b, c, d }: Affine): readonly [x: number, y: number] {
  return [Math.hypot(a, b), Math.hypot(c, d)];
}
