/** What is sent to the server to be kept as a presentation state: what a pane shows, in plain numbers. */

import { inverse, applied, type Affine, type Point, turnOf, type Turn } from './affine';
import type { Annotation } from './annotation';
import type { Frame, Window } from './frame';
import type { GraphicKind } from './graphicLayers';
import { onImage } from './imagePoint';
import { quantityText } from './measurement';

export interface SavedGraphic {
  kind: GraphicKind;
  points: readonly Point[];
  filled: boolean;
}

export interface SavedImage {
  sopInstanceUid: string;
  /** Counted from 1; empty for an image of one frame. */
  frames: readonly number[];
  graphics: readonly SavedGraphic[];
  texts: readonly { text: string; anchor: Point }[];
}

export interface SavedPresentation extends Turn {
  label: string;
  description: string;
  images: readonly SavedImage[];
  window: { center: number; width: number } | null;
  voiLutFunction: string;
  inverted: boolean;
  /** Columns and rows from 1, as stored: left, top, right, bottom. */
  area: readonly [number, number, number, number];
  withShutter: boolean;
  withOverlays: boolean;
}

export interface PaneLook {
  frame: Frame;
  toScreen: Affine;
  /** The viewport's size in CSS pixels. */
  size: readonly [width: number, height: number];
  window: Window | undefined;
  /** Whether the reader turned bright into dark. */
  inverted: boolean;
  withShutter: boolean;
  withOverlays: boolean;
}

/** Images of a stack that the same modality values and the same grid hold for, the one on display first. */
export function alike(shown: Frame, frames: readonly Frame[]): Frame[] {
  const others = frames.filter(
    (frame) =>
      frame !== shown &&
      frame.rescale.slope === shown.rescale.slope &&
      frame.rescale.intercept === shown.rescale.intercept &&
      frame.pixels.rows === shown.pixels.rows &&
      frame.pixels.columns === shown.pixels.columns,
  );
  return [shown, ...others];
}

export function savedPresentation(
  words: { label: string; description: string },
  look: PaneLook,
  frames: readonly Frame[],
  annotations: readonly Annotation[],
): SavedPresentation {
  const { window, frame } = look;
  return {
    ...words,
    ...turnOf(look.toScreen),
    images: imagesOf(frames, annotations),
    window: window ? { center: window.center, width: window.width } : null,
    voiLutFunction: frame.voiLutFunction ?? 'LINEAR',
    inverted: look.inverted !== frame.isNegative,
    area: areaOf(look),
    withShutter: look.withShutter,
    withOverlays: look.withOverlays,
  };
}

type Ends = readonly [first: number, last: number];

/** The pixels on the screen, those that are cut included. */
function areaOf({ toScreen, size: [width, height], frame }: PaneLook): SavedPresentation['area'] {
  const back = inverse(toScreen);
  const { columns, rows } = frame.pixels;
  if (!back) return [1, 1, columns, rows];
  const corners = [applied(back, [0, 0]), applied(back, [width, height])];
  const ends = (axis: 0 | 1): Ends => {
    const along = corners.map((corner) => corner[axis]);
    return [Math.floor(rounded(Math.min(...along))) + 1, Math.ceil(rounded(Math.max(...along)))];
  };
  const [across, down] = withoutMargins(ends(0), ends(1), [columns, rows]);
  return [across[0], down[0], across[1], down[1]];
}

/**
 * Leaves out the even margins beside an image that is fitted in the other direction.
 *
 * Whole pixels describe them badly, and the other direction alone decides how large the image is shown.
 */
function withoutMargins(across: Ends, down: Ends, [columns, rows]: readonly [number, number]): [Ends, Ends] {
  const isEven = ([first, last]: Ends, count: number): boolean =>
    first < 1 && last > count && Math.abs(1 - first - (last - count)) <= 1;
  const width = (across[1] - across[0] + 1) / columns;
  const height = (down[1] - down[0] + 1) / rows;
  if (width >= height && isEven(across, columns)) return [[1, columns], down];
  if (height > width && isEven(down, rows)) return [across, [1, rows]];
  return [across, down];
}

/** What lies on a pixel's edge but for an error of arithmetic is on the edge. */
function rounded(coordinate: number): number {
  return Math.round(coordinate * 1e4) / 1e4;
}

/** Frames of one image stay together unless something is drawn on one of them. */
function imagesOf(frames: readonly Frame[], annotations: readonly Annotation[]): SavedImage[] {
  const byInstance = new Map<string, Frame[]>();
  for (const frame of frames) {
    const group = byInstance.get(frame.sopInstanceUid) ?? [];
    byInstance.set(frame.sopInstanceUid, [...group, frame]);
  }
  return [...byInstance.values()].flatMap((group) => {
    const isDrawnOn = ({ sopInstanceUid, frameNumber }: Frame): boolean =>
      annotations.some((one) => one.sopInstanceUid === sopInstanceUid && one.frameNumber === frameNumber);
    const plain = group.filter((frame) => !isDrawnOn(frame));
    const drawn = group.filter(isDrawnOn).map((frame) => drawnImage(frame, annotations));
    return [...(plain.length > 0 ? [imageOf(plain)] : []), ...drawn];
  });
}

function imageOf(frames: readonly Frame[]): SavedImage {
  const [first] = frames;
  const isMultiFrame = (first?.frameCount ?? 1) > 1;
  return {
    sopInstanceUid: first?.sopInstanceUid ?? '',
    frames: isMultiFrame ? frames.map(({ frameNumber }) => frameNumber) : [],
    graphics: [],
    texts: [],
  };
}

function drawnImage(frame: Frame, annotations: readonly Annotation[]): SavedImage {
  const own = annotations.filter(
    (one) => one.sopInstanceUid === frame.sopInstanceUid && one.frameNumber === frame.frameNumber,
  );
  return {
    ...imageOf([frame]),
    graphics: own.flatMap((annotation) => graphicsOf(annotation, frame)),
    texts: own.flatMap((annotation) => wordsOf(annotation, frame)),
  };
}

/** The shapes of an annotation, in coordinates of the image. */
export function graphicsOf({ tool, points, contour }: Annotation, frame: Frame): SavedGraphic[] {
  const at = points.map((point) => onImage(point, frame));
  const line = (...chosen: readonly (Point | undefined)[]): SavedGraphic[] => {
    const present = chosen.filter((point) => point !== undefined);
    return present.length > 1 ? [{ kind: 'POLYLINE', points: present, filled: false }] : [];
  };
  const [first, second, third, fourth] = at;
  if (contour.length > 1) {
    const outline = contour.map((point) => onImage(point, frame));
    return line(...outline, outline[0]);
  }
  switch (tool) {
    case 'bidirectional':
    case 'cobb':
      return [...line(first, second), ...line(third, fourth)];
    case 'rectangle':
      // The library's corners: upper left, upper right, lower left, lower right.
      return line(first, second, fourth, third, first);
    case 'circle':
      return first && second ? [{ kind: 'CIRCLE', points: [first, second], filled: false }] : [];
    case 'ellipse':
      return ellipse(at);
    case 'probe':
      return first ? [{ kind: 'POINT', points: [first], filled: false }] : [];
    case 'label':
      return [];
    default:
      return line(...at);
  }
}

/** The longer axis comes first (PS3.3 C.10.5.1.2); the library's points are bottom, top, left, right. */
function ellipse([bottom, top, left, right]: readonly Point[]): SavedGraphic[] {
  if (!bottom || !top || !left || !right) return [];
  const isUpright = distance(bottom, top) >= distance(left, right);
  const points = isUpright ? [bottom, top, left, right] : [left, right, bottom, top];
  return [{ kind: 'ELLIPSE', points, filled: false }];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function wordsOf(annotation: Annotation, frame: Frame): { text: string; anchor: Point }[] {
  const values = annotation.quantities.map((quantity) =>
    quantity.name === 'Length' ? quantityText(quantity) : `${quantity.name} ${quantityText(quantity)}`,
  );
  const text = [annotation.text, ...values].filter(Boolean).join('  ').replaceAll('\\', '/').slice(0, 1000);
  const at = annotation.textAt ?? annotation.points.at(-1) ?? annotation.contour[0];
  return text && at ? [{ text, anchor: onImage(at, frame) }] : [];
}
