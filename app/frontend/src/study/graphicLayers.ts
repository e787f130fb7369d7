/** What a presentation state draws over images: shapes and words in layers (PS3.3 C.10.5, C.10.7). */

import { items, number, numbers, text, type DicomObject } from '../dicomweb/json';
import { PresentationTag as Tag } from '../dicomweb/presentationTags';
import type { Point, Turn } from './affine';
import { greyColour, labColour } from './cielab';

export type GraphicKind = 'POINT' | 'POLYLINE' | 'INTERPOLATED' | 'CIRCLE' | 'ELLIPSE';

/** Points are coordinates of the image. */
export interface DrawnGraphic {
  kind: GraphicKind;
  points: readonly Point[];
  filled: boolean;
}

export interface DrawnText {
  lines: readonly string[];
  /** Where the words stand: opposite corners of a box. */
  box: readonly [Point, Point] | undefined;
  align: 'left' | 'center' | 'right';
  /** What the words are about. */
  anchor: Point | undefined;
  /** Whether a line leads there. */
  showsAnchor: boolean;
}

export interface Layer {
  name: string;
  order: number;
  colour: string | undefined;
  graphics: readonly DrawnGraphic[];
  texts: readonly DrawnText[];
}

interface Area {
  from: Point;
  to: Point;
}

const kinds = new Set<string>(['POINT', 'POLYLINE', 'INTERPOLATED', 'CIRCLE', 'ELLIPSE']);
const leastPoints: Record<GraphicKind, number> = {
  POINT: 1,
  POLYLINE: 2,
  INTERPOLATED: 2,
  CIRCLE: 2,
  ELLIPSE: 4,
};

/**
 * The layers in the order in which they are drawn.
 *
 * `isShown` says whether an item is about the image on display; `area` and `turn` say where points lie that are given
 * as parts of the displayed area.
 */
export function layersOf(
  object: DicomObject,
  isShown: (item: DicomObject) => boolean,
  area: Area | undefined,
  turn: Turn,
): Layer[] {
  const annotations = items(object, Tag.GraphicAnnotationSequence).filter(isShown);
  const place = placing(area, turn);
  return definitionsOf(object, annotations)
    .map(({ name, order, colour }) => {
      const own = annotations.filter((one) => text(one, Tag.GraphicLayer) === name);
      const graphics = own.flatMap((one) => items(one, Tag.GraphicObjectSequence));
      const texts = own.flatMap((one) => items(one, Tag.TextObjectSequence));
      return {
        name,
        order,
        colour,
        graphics: graphics.flatMap((item) => graphicOf(item, place)),
        texts: texts.flatMap((item) => textOf(item, place)),
      };
    })
    .sort((a, b) => a.order - b.order);
}

type Definition = Pick<Layer, 'name' | 'order' | 'colour'>;

/** The layers that are described, and those that something lies on all the same. */
function definitionsOf(object: DicomObject, annotations: readonly DicomObject[]): Definition[] {
  const described = items(object, Tag.GraphicLayerSequence).map((item) => ({
    name: text(item, Tag.GraphicLayer) ?? '',
    order: number(item, Tag.GraphicLayerOrder) ?? 0,
    colour: colourOf(item),
  }));
  const known = new Set(described.map(({ name }) => name));
  const others = new Set(annotations.map((one) => text(one, Tag.GraphicLayer) ?? ''));
  const last = Math.max(0, ...described.map(({ order }) => order));
  const missing = [...others].filter((name) => !known.has(name));
  return [...described, ...missing.map((name) => ({ name, order: last + 1, colour: undefined }))];
}

type Place = (point: Point, units: string | undefined) => Point | undefined;

/** From the units of a point to coordinates of the image; undefined where there is no telling. */
function placing(area: Area | undefined, { rotation }: Turn): Place {
  return ([x, y], units) => {
    if (units === 'PIXEL') return [x, y];
    if (units !== 'DISPLAY' || !area) return undefined;
    // The screen's horizontal runs along the image's columns after a quarter turn.
    const [across, down] = rotation % 180 === 0 ? [x, y] : [y, x];
    return [
      area.from[0] + (area.to[0] - area.from[0]) * across,
      area.from[1] + (area.to[1] - area.from[1]) * down,
    ];
  };
}

function graphicOf(item: DicomObject, place: Place): DrawnGraphic[] {
  const kind = text(item, Tag.GraphicType) ?? '';
  if (!isKind(kind)) return [];
  const units = text(item, Tag.GraphicAnnotationUnits);
  const points = pairs(numbers(item, Tag.GraphicData))
    .map((point) => place(point, units))
    .filter((point) => point !== undefined);
  if (points.length < leastPoints[kind]) return [];
  return [{ kind, points, filled: text(item, Tag.GraphicFilled) === 'Y' }];
}

function textOf(item: DicomObject, place: Place): DrawnText[] {
  const words = rawText(item);
  const anchorUnits = text(item, Tag.AnchorPointAnnotationUnits);
  const boxUnits = text(item, Tag.BoundingBoxAnnotationUnits);
  const at = (tag: string, units: string | undefined): Point | undefined => {
    const [point] = pairs(numbers(item, tag));
    return point && place(point, units);
  };
  const anchor = at(Tag.AnchorPoint, anchorUnits);
  const from = at(Tag.BoundingBoxTopLeftHandCorner, boxUnits);
  const to = at(Tag.BoundingBoxBottomRightHandCorner, boxUnits);
  if (words === '' || !(anchor ?? (from && to))) return [];
  const justification = text(item, Tag.BoundingBoxTextHorizontalJustification);
  return [
    {
      lines: words.split(/\r\n|\r|\n/),
      box: from && to && [from, to],
      align: justification === 'CENTER' ? 'center' : justification === 'RIGHT' ? 'right' : 'left',
      anchor,
      showsAnchor: text(item, Tag.AnchorPointVisibility) === 'Y',
    },
  ];
}

function rawText(item: DicomObject): string {
  const value = item[Tag.UnformattedTextValue]?.Value?.[0];
  return typeof value === 'string' ? value.trimEnd() : '';
}

function isKind(kind: string): kind is GraphicKind {
  return kinds.has(kind);
}

function pairs(values: readonly number[]): Point[] {
  return Array.from({ length: Math.floor(values.length / 2) }, (_, index) => [
    values[2 * index] ?? 0,
    values[2 * index + 1] ?? 0,
  ]);
}

function colourOf(layer: DicomObject): string | undefined {
  const grey = number(layer, Tag.GraphicLayerRecommendedDisplayGrayscaleValue);
  return (
    labColour(numbers(layer, Tag.GraphicLayerRecommendedDisplayCIELabValue)) ??
    (grey === undefined ? undefined : greyColour(grey))
  );
}
