/** Size and place of an image in its viewport, as a presentation state wants them (PS3.3 C.10.4). */

import type { Types } from '@cornerstonejs/core';
import { applied, scaleOf, type Point, type Turn } from '../study/affine';
import { gridSpacing } from '../study/calibration';
import type { Frame } from '../study/frame';
import type { DisplayedArea } from '../study/presentationState';
import { measure } from './geometry';

/** What style sheets call an inch has 96 of their pixels; how large that is on this screen, no browser tells. */
const pixelsPerMillimetre = 96 / 25.4;

export interface Wish {
  turn: Turn;
  area: DisplayedArea | undefined;
  /** Flips what is on the screen about its vertical axis. */
  flip: () => void;
}

export function presentImage(viewport: Types.IStackViewport, frame: Frame, { turn, area, flip }: Wish): void {
  viewport.setViewPresentation({ rotation: 0 });
  viewport.setCamera({ flipHorizontal: false, flipVertical: false });
  viewport.resetCamera();
  viewport.setViewPresentation({ rotation: turn.rotation });
  if (turn.flipped) flip();
  if (area) showArea(viewport, frame, area);
  viewport.render();
}

function showArea(viewport: Types.IStackViewport, frame: Frame, area: DisplayedArea): void {
  const factor = enlargement(viewport, frame, area);
  const { parallelScale } = viewport.getCamera();
  if (factor !== undefined && parallelScale) viewport.setCamera({ parallelScale: parallelScale / factor });
  const toScreen = measure(viewport, frame)?.toScreen;
  if (!toScreen) return;
  const [x, y] = applied(toScreen, middleOf(area));
  const { clientWidth, clientHeight } = viewport.element;
  panBy(viewport, [clientWidth / 2 - x, clientHeight / 2 - y]);
}

/** By how much the image has to become larger; undefined where it has no size yet. */
function enlargement(viewport: Types.IStackViewport, frame: Frame, area: DisplayedArea): number | undefined {
  const toScreen = measure(viewport, frame)?.toScreen;
  if (!toScreen) return undefined;
  const [columnWidth] = scaleOf(toScreen);
  if (area.mode === 'magnify') return area.magnification / devicePixelRatio / columnWidth;
  if (area.mode === 'true size') {
    const millimetres = area.columnSpacing ?? gridSpacing(frame)[1];
    return (millimetres * pixelsPerMillimetre) / columnWidth;
  }
  const [left, top] = applied(toScreen, area.from);
  const [right, bottom] = applied(toScreen, area.to);
  const { clientWidth, clientHeight } = viewport.element;
  return Math.min(clientWidth / Math.abs(right - left), clientHeight / Math.abs(bottom - top));
}

function middleOf({ from, to }: DisplayedArea): Point {
  return [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
}

/** Moves the image by so many CSS pixels. */
function panBy(viewport: Types.IStackViewport, distance: Point): void {
  const start = viewport.canvasToWorld([0, 0]);
  const end = viewport.canvasToWorld([distance[0], distance[1]]);
  const { focalPoint, position } = viewport.getCamera();
  if (!focalPoint || !position) return;
  const moved = (point: Types.Point3): Types.Point3 => [
    point[0] - end[0] + start[0],
    point[1] - end[1] + start[1],
    point[2] - end[2] + start[2],
  ];
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
}
