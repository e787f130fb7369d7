/**
 * What DICOM itself draws over an image, on a canvas that follows it: overlay planes, shutter, shapes and words.
 *
 * The element tells what it shows: `data-planes` and `data-graphics` count, `data-shutter` is there with a shutter.
 */

import { applied, type Affine, type Point } from '../study/affine';
import type { Layer } from '../study/graphicLayers';
import type { Opening } from '../study/shutter';
import { element, setAttribute } from './dom';
import { drawGraphic, drawText } from './graphicDrawing';

/** A plane with its set bits in colour, and where its first pixel lies in coordinates of the image. */
export interface PlanePicture {
  picture: HTMLCanvasElement;
  at: Point;
}

export interface Scene {
  size: { columns: number; rows: number };
  planes: readonly PlanePicture[];
  layers: readonly Layer[];
  shutter: { openings: readonly Opening[]; bitmap: PlanePicture | undefined; colour: string } | undefined;
}

const usualColour = 'rgb(255, 214, 92)';

export class PresentationLayer {
  readonly element = element('canvas', { class: 'viewer-presentation', 'aria-hidden': 'true' });
  private scene: Scene | undefined;
  private toScreen: Affine | undefined;

  /** What to draw from now on; undefined for nothing. */
  set content(scene: Scene | undefined) {
    this.scene = scene;
    setAttribute(this.element, 'data-planes', scene?.planes.length);
    setAttribute(this.element, 'data-shutter', scene?.shutter !== undefined);
    setAttribute(this.element, 'data-graphics', scene && countOf(scene.layers));
    this.draw();
  }

  /** The image lies elsewhere now. */
  follow(toScreen: Affine | undefined): void {
    this.toScreen = toScreen;
    this.draw();
  }

  private draw(): void {
    const { scene, toScreen } = this;
    const isEmpty =
      !scene || !toScreen || (scene.planes.length + countOf(scene.layers) === 0 && !scene.shutter);
    this.element.hidden = isEmpty;
    if (isEmpty) return;
    const canvas = this.cleared();
    if (!canvas) return;
    drawPlanes(canvas, scene.planes, toScreen);
    if (scene.shutter) drawShutter(canvas, scene, scene.shutter, toScreen);
    for (const { graphics, texts, colour = usualColour } of scene.layers) {
      for (const graphic of graphics) drawGraphic(canvas, graphic, toScreen, colour);
      for (const text of texts) drawText(canvas, text, toScreen, colour);
    }
  }

  /** The canvas with as many pixels as the screen has, in CSS pixels. */
  private cleared(): CanvasRenderingContext2D | undefined {
    const canvas = this.element.getContext('2d');
    const { clientWidth, clientHeight } = this.element;
    if (!canvas || clientWidth === 0) return undefined;
    this.element.width = Math.round(clientWidth * devicePixelRatio);
    this.element.height = Math.round(clientHeight * devicePixelRatio);
    canvas.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    return canvas;
  }
}

function countOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { graphics, texts }) => sum + graphics.length + texts.length, 0);
}

function drawPlanes(
  canvas: CanvasRenderingContext2D,
  planes: readonly PlanePicture[],
  toScreen: Affine,
): void {
  const { a, b, c, d, e, f } = toScreen;
  canvas.save();
  canvas.transform(a, b, c, d, e, f);
  // Each bit is a pixel of the image, never a mixture of its neighbours.
  canvas.imageSmoothingEnabled = false;
  for (const { picture, at } of planes) canvas.drawImage(picture, ...at);
  canvas.restore();
}

/** Covers the image, and nothing beside it, where it does not lie in all openings. */
function drawShutter(
  canvas: CanvasRenderingContext2D,
  { size }: Scene,
  { openings, bitmap, colour }: NonNullable<Scene['shutter']>,
  toScreen: Affine,
): void {
  const corners: Point[] = [
    [0, 0],
    [size.columns, 0],
    [size.columns, size.rows],
    [0, size.rows],
  ];
  for (const opening of openings) {
    canvas.save();
    // What reaches beyond the image is not covered either.
    clipTo(canvas, corners, toScreen);
    canvas.beginPath();
    polygon(canvas, corners, toScreen);
    polygon(canvas, outlineOf(opening), toScreen);
    canvas.fillStyle = colour;
    canvas.fill('evenodd');
    canvas.restore();
  }
  if (openings.length > 0) {
    // No bright line where the image and its cover end within the same pixel of the screen.
    canvas.beginPath();
    polygon(canvas, corners, toScreen);
    canvas.strokeStyle = colour;
    canvas.stroke();
  }
  if (bitmap) drawPlanes(canvas, [bitmap], toScreen);
}

function clipTo(canvas: CanvasRenderingContext2D, corners: readonly Point[], toScreen: Affine): void {
  const path = new Path2D();
  polygon(path, corners, toScreen);
  canvas.clip(path);
}

function polygon(path: CanvasPath, points: readonly Point[], toScreen: Affine): void {
  points.forEach((point, index) => {
    const [x, y] = applied(toScreen, point);
    if (index === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  path.closePath();
}

function outlineOf(opening: Opening): readonly Point[] {
  if (opening.kind === 'polygon') return opening.points;
  if (opening.kind === 'rectangle') {
    const [[left, top], [right, bottom]] = [opening.from, opening.to];
    return [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
  }
  const steps = 180;
  return Array.from({ length: steps }, (_, step) => {
    const angle = (step / steps) * 2 * Math.PI;
    return [
      opening.center[0] + opening.radius * Math.cos(angle),
      opening.center[1] + opening.radius * Math.sin(angle),
    ];
  });
}
