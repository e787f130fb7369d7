/** Display shutters: what of an image is covered (PS3.3 C.7.6.11, C.7.6.15). */

import { number, numbers, text, texts, type DicomObject } from '../dicomweb/json';
import { PresentationTag as Tag } from '../dicomweb/presentationTags';
import type { Point } from './affine';
import { greyColour, labColour } from './cielab';

export type Opening =
  | { kind: 'rectangle'; from: Point; to: Point }
  | { kind: 'circle'; center: Point; radius: number }
  | { kind: 'polygon'; points: readonly Point[] };

export interface Shutter {
  /** What stays visible is what lies in all of them, in coordinates of the image. */
  openings: readonly Opening[];
  /** The overlay group whose set bits are covered. */
  bitmapGroup: number | undefined;
  /** What covers the rest, as style sheets write colours. */
  colour: string;
}

export function shutterOf(object: DicomObject): Shutter | undefined {
  const shapes = texts(object, Tag.ShutterShape);
  const openings = shapes.flatMap((shape) => openingOf(object, shape) ?? []);
  const bitmapGroup = shapes.includes('BITMAP') ? overlayGroup(object) : undefined;
  if (openings.length === 0 && bitmapGroup === undefined) return undefined;
  return { openings, bitmapGroup, colour: colourOf(object) };
}

function openingOf(object: DicomObject, shape: string): Opening | undefined {
  if (shape === 'RECTANGULAR') return rectangleOf(object);
  if (shape === 'CIRCULAR') return circleOf(object);
  return shape === 'POLYGONAL' ? polygonOf(object) : undefined;
}

/** The edges' own rows and columns, counted from 1, stay visible. */
function rectangleOf(object: DicomObject): Opening | undefined {
  const left = number(object, Tag.ShutterLeftVerticalEdge);
  const right = number(object, Tag.ShutterRightVerticalEdge);
  const top = number(object, Tag.ShutterUpperHorizontalEdge);
  const bottom = number(object, Tag.ShutterLowerHorizontalEdge);
  if (left === undefined || right === undefined || top === undefined || bottom === undefined)
    return undefined;
  return { kind: 'rectangle', from: [left - 1, top - 1], to: [right, bottom] };
}

function circleOf(object: DicomObject): Opening | undefined {
  const [row, column] = numbers(object, Tag.CenterOfCircularShutter);
  const radius = number(object, Tag.RadiusOfCircularShutter);
  if (row === undefined || column === undefined || radius === undefined) return undefined;
  return { kind: 'circle', center: [column - 0.5, row - 0.5], radius };
}

function polygonOf(object: DicomObject): Opening | undefined {
  const values = numbers(object, Tag.VerticesOfThePolygonalShutter);
  const points: Point[] = [];
  for (let at = 0; at + 1 < values.length; at += 2) {
    points.push([(values[at + 1] ?? 0) - 0.5, (values[at] ?? 0) - 0.5]);
  }
  return points.length >= 3 ? { kind: 'polygon', points } : undefined;
}

/** A group number is hexadecimal where it comes as text, such as 6000. */
function overlayGroup(object: DicomObject): number | undefined {
  const value = object[Tag.ShutterOverlayGroup]?.Value?.[0];
  if (typeof value === 'number') return value;
  const group = parseInt(text(object, Tag.ShutterOverlayGroup) ?? '', 16);
  return Number.isNaN(group) ? undefined : group;
}

function colourOf(object: DicomObject): string {
  const lab = labColour(numbers(object, Tag.ShutterPresentationColorCIELabValue));
  return lab ?? greyColour(number(object, Tag.ShutterPresentationValue) ?? 0);
}
