/** Shapes and words of presentation states on a canvas (PS3.3 C.10.5.1). */

import { applied, type Affine, type Point } from '../study/affine';
import type { DrawnGraphic, DrawnText } from '../study/graphicLayers';

const lineWidth = 1.5;
const pointRadius = 4;
const fontSize = 13;
const lineHeight = 16;
const gap = 6;
const font = `${fontSize}px system-ui, sans-serif`;

type Canvas = CanvasRenderingContext2D;

export function drawGraphic(canvas: Canvas, graphic: DrawnGraphic, toScreen: Affine, colour: string): void {
  const points = graphic.points.map((point) => applied(toScreen, point));
  canvas.beginPath();
  trace(canvas, graphic, points, toScreen);
  canvas.lineWidth = lineWidth;
  canvas.lineJoin = 'round';
  // A dark rim keeps a bright line legible on bright images.
  canvas.shadowColor = 'rgb(0 0 0 / 80%)';
  canvas.shadowBlur = 2;
  canvas.strokeStyle = colour;
  canvas.fillStyle = colour;
  if (graphic.filled) canvas.fill();
  canvas.stroke();
  canvas.shadowBlur = 0;
}

function trace(
  canvas: Canvas,
  { kind, points: inImage }: DrawnGraphic,
  points: Point[],
  toScreen: Affine,
): void {
  if (kind === 'POINT') cross(canvas, points[0] ?? [0, 0]);
  else if (kind === 'CIRCLE') circle(canvas, inImage, toScreen);
  else if (kind === 'ELLIPSE') ellipse(canvas, inImage, toScreen);
  else if (kind === 'INTERPOLATED') curve(canvas, points);
  else for (const [x, y] of points) canvas.lineTo(x, y);
}

function cross(canvas: Canvas, [x, y]: Point): void {
  canvas.moveTo(x - pointRadius, y);
  canvas.lineTo(x + pointRadius, y);
  canvas.moveTo(x, y - pointRadius);
  canvas.lineTo(x, y + pointRadius);
}

function circle(canvas: Canvas, [center, edge]: readonly Point[], toScreen: Affine): void {
  if (!center || !edge) return;
  const radius = Math.hypot(edge[0] - center[0], edge[1] - center[1]);
  round(canvas, center, [radius, 0], [0, radius], toScreen);
}

/** Ends of the longer axis, then of the shorter one. */
function ellipse(canvas: Canvas, [first, second, third, fourth]: readonly Point[], toScreen: Affine): void {
  if (!first || !second || !third || !fourth) return;
  const half = (a: Point, b: Point): Point => [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
  const center: Point = [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2];
  round(canvas, center, half(first, second), half(third, fourth), toScreen);
}

/** A closed curve about a middle with two half axes, in coordinates of the image: pixels need not be square. */
function round(canvas: Canvas, [x, y]: Point, along: Point, across: Point, toScreen: Affine): void {
  const steps = 96;
  for (let step = 0; step <= steps; step += 1) {
    const angle = (step / steps) * 2 * Math.PI;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    const point: Point = [x + along[0] * cosine + across[0] * sine, y + along[1] * cosine + across[1] * sine];
    canvas.lineTo(...applied(toScreen, point));
  }
  canvas.closePath();
}

/** A smooth curve through all points: the direction at each is that from its neighbour before to the one after. */
function curve(canvas: Canvas, points: readonly Point[]): void {
  const at = (index: number): Point => points[Math.max(0, Math.min(points.length - 1, index))] ?? [0, 0];
  canvas.moveTo(...at(0));
  for (let index = 0; index + 1 < points.length; index += 1) {
    const [before, from, to, after] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    canvas.bezierCurveTo(
      from[0] + (to[0] - before[0]) / 6,
      from[1] + (to[1] - before[1]) / 6,
      to[0] - (after[0] - from[0]) / 6,
      to[1] - (after[1] - from[1]) / 6,
      ...to,
    );
  }
}

export function drawText(canvas: Canvas, text: DrawnText, toScreen: Affine, colour: string): void {
  canvas.font = font;
  canvas.textBaseline = 'top';
  const width = Math.max(...text.lines.map((line) => canvas.measureText(line).width));
  const { left, top, right } = placeOf(text, toScreen, width);
  if (text.anchor && text.showsAnchor) leadTo(canvas, text, toScreen, [left, top], colour);
  canvas.textAlign = text.align;
  const x = text.align === 'left' ? left : text.align === 'right' ? right : (left + right) / 2;
  text.lines.forEach((line, index) => {
    canvas.lineWidth = 3;
    canvas.strokeStyle = 'rgb(0 0 0 / 75%)';
    canvas.strokeText(line, x, top + index * lineHeight);
    canvas.fillStyle = colour;
    canvas.fillText(line, x, top + index * lineHeight);
  });
}

/** The box where there is one, else beside the anchor. */
function placeOf(
  { box, anchor }: DrawnText,
  toScreen: Affine,
  width: number,
): { left: number; top: number; right: number } {
  if (!box) {
    const [x, y] = applied(toScreen, anchor ?? [0, 0]);
    return { left: x + gap, top: y + gap, right: x + gap + width };
  }
  const [a, b] = box.map((corner) => applied(toScreen, corner));
  const left = Math.min(a?.[0] ?? 0, b?.[0] ?? 0);
  return { left, top: Math.min(a?.[1] ?? 0, b?.[1] ?? 0), right: Math.max(a?.[0] ?? 0, b?.[0] ?? 0, left) };
}

function leadTo(
  canvas: Canvas,
  { anchor, box }: DrawnText,
  toScreen: Affine,
  from: Point,
  colour: string,
): void {
  if (!anchor) return;
  const [x, y] = applied(toScreen, anchor);
  canvas.beginPath();
  if (box) {
    canvas.moveTo(...from);
    canvas.lineTo(x, y);
  }
  cross(canvas, [x, y]);
  canvas.lineWidth = 1;
  canvas.strokeStyle = colour;
  canvas.stroke();
}
