/** Between points of the patient, or of the image's own grid where it says nothing of the patient, and its pixels. */

import type { Point } from './affine';
import { gridSpacing } from './calibration';
import type { Frame } from './frame';
import { inImageAxes } from './orientation';
import { subtract, type Vector } from './vector';

/** The point in coordinates of the image, see affine.ts: half a pixel lies between a pixel's corner and its middle. */
export function onImage(point: Vector, frame: Frame): Point {
  const [rowSpacing, columnSpacing] = gridSpacing(frame);
  const origin = frame.plane?.position ?? ([0, 0, 0] as const);
  const [along, down] = inImageAxes(frame, subtract(point, origin));
  return [along / columnSpacing + 0.5, down / rowSpacing + 0.5];
}
