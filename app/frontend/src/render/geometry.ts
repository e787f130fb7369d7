/** How the image lies on the screen, measured at the viewport itself so that it holds for every renderer. */

import { getShouldUseCPURendering, type Types } from '@cornerstonejs/core';
import { inverse, throughPoints, type Affine, type Point } from '../study/affine';
import { calibrationOf, gridSpacing } from '../study/calibration';
import type { Frame } from '../study/frame';
import { inImageAxes } from '../study/orientation';
import { onImage } from '../study/imagePoint';
import { length, subtract, type Vector } from '../study/vector';
import type { ViewState } from './viewState';

/** Screen distance, in CSS pixels, over which directions and sizes are measured. */
const probe = 100;

/** Everything that the state of a viewport tells of it. */
export function placeOf(viewport: Types.IStackViewport, frame: Frame): Partial<ViewState> {
  const { flipHorizontal = false, flipVertical = false } = viewport.getCamera();
  return {
    rotation: Math.round(viewport.getViewPresentation().rotation ?? 0) % 360,
    flippedHorizontally: flipHorizontal,
    flippedVertically: flipVertical,
    pan: panOf(viewport),
    ...measure(viewport, frame),
  };
}

/** How far the image is moved, in parts of the viewport's width and height. */
function panOf(viewport: Types.IStackViewport): readonly [number, number] {
  const [x, y] = viewport.getPan();
  const { clientWidth, clientHeight } = viewport.element;
  return [x / Math.max(1, clientWidth), y / Math.max(1, clientHeight)];
}

export function measure(
  viewport: Types.IStackViewport,
  frame: Frame,
): Pick<ViewState, 'zoom' | 'right' | 'down' | 'millimetresPerPixel' | 'toScreen'> | undefined {
  const { clientWidth, clientHeight } = viewport.element;
  const x = clientWidth / 2;
  const y = clientHeight / 2;
  const center = world(viewport, x, y);
  const rightwards = world(viewport, x + probe, y);
  const downwards = world(viewport, x, y + probe);
  if (!center || !rightwards || !downwards) return undefined;
  const across = subtract(rightwards, center);
  const size = length(across) / probe;
  return {
    right: unit(inImageAxes(frame, across)),
    down: unit(inImageAxes(frame, subtract(downwards, center))),
    zoom: fittedSize(frame, clientWidth, clientHeight) / size,
    millimetresPerPixel: calibrationOf(frame) ? size : undefined,
    toScreen: toScreen(frame, [center, rightwards, downwards], [x, y]),
  };
}

function toScreen(
  frame: Frame,
  [center, rightwards, downwards]: readonly [Vector, Vector, Vector],
  [x, y]: Point,
): Affine | undefined {
  // The CPU renderer takes the outer corner of the first pixel for its middle.
  const lag = getShouldUseCPURendering() ? 0.5 : 0;
  const under = (point: Vector): Point => {
    const [column, row] = onImage(point, frame);
    return [column - lag, row - lag];
  };
  const toImage = throughPoints(
    [
      [x, y],
      [x + probe, y],
      [x, y + probe],
    ],
    [under(center), under(rightwards), under(downwards)],
  );
  return toImage && inverse(toImage);
}

/** Size of a screen pixel with the unrotated image just fitting in. */
function fittedSize(frame: Frame, width: number, height: number): number {
  const [row, column] = gridSpacing(frame);
  return Math.max((frame.pixels.columns * column) / width, (frame.pixels.rows * row) / height);
}

function world(viewport: Types.IStackViewport, x: number, y: number): Vector | undefined {
  // Without an image the CPU renderer answers undefined, whatever its type says.
  const point = viewport.canvasToWorld([x, y]) as Types.Point3 | undefined;
  return point?.every(Number.isFinite) ? [point[0], point[1], point[2]] : undefined;
}

function unit([a, b]: readonly [number, number]): readonly [number, number] {
  const size = Math.hypot(a, b) || 1;
  return [a / size, b / size];
}
