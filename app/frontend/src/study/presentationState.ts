/** Softcopy presentation states: how somebody meant images to be shown (PS3.3 A.33, C.11.10, C.11.11). */

import { items, number, numbers, personName, text, type DicomObject } from '../dicomweb/json';
import { PresentationTag } from '../dicomweb/presentationTags';
import { Tag } from '../dicomweb/tags';
import type { Turn } from './affine';
import { formatDate, formatTime } from './format';
import { tableWindow, type Frame, type Window } from './frame';
import { layersOf, type Layer } from './graphicLayers';
import { tablesOf } from './lookupTable';
import { overlayPlanesOf, type OverlayPlane } from './overlayPlanes';
import { shutterOf, type Shutter } from './shutter';

export interface PresentationState {
  uid: string;
  label: string;
  description: string;
  creator: string;
  when: string;
  /** What of it is not shown, in a sentence; undefined where all of it is. */
  limits: string | undefined;
  /** Whether it can be used at all. */
  isSupported: boolean;
  object: DicomObject;
}

/** The part of an image that is to be shown. */
export interface DisplayedArea {
  mode: 'fit' | 'true size' | 'magnify';
  /** Corners in coordinates of the image: that of the screen's upper left first. */
  from: readonly [x: number, y: number];
  to: readonly [x: number, y: number];
  /** Screen pixels per pixel of the image, for `magnify`. */
  magnification: number;
  /** Millimetres between the columns, for `true size`. */
  columnSpacing: number | undefined;
}

export interface Look {
  turn: Turn;
  area: DisplayedArea | undefined;
  /** In units of the image's own modality values. */
  window: Window | undefined;
  voiLutFunction: string | undefined;
  /** Whether low values are bright on the screen. */
  darkIsHigh: boolean;
  layers: readonly Layer[];
  shutter: Shutter | undefined;
  /** Planes that the state itself brings. */
  planes: readonly OverlayPlane[];
}

const grayscale = '1.2.840.10008.5.1.4.1.1.11.1';
const colour = '1.2.840.10008.5.1.4.1.1.11.2';
const pseudoColour = '1.2.840.10008.5.1.4.1.1.11.3';
const xRay = '1.2.840.10008.5.1.4.1.1.11.5';
const prefix = '1.2.840.10008.5.1.4.1.1.11.';
const limitsOf: Record<string, string | undefined> = {
  [grayscale]: undefined,
  [colour]: undefined,
  [pseudoColour]: 'Its colours are not shown: the image stays grey.',
  [xRay]: 'Its subtraction of a mask is not done.',
};

/** Undefined for what is no presentation state. */
export function presentationStateOf(object: DicomObject): PresentationState | undefined {
  const sopClass = text(object, Tag.SOPClassUID) ?? '';
  if (!sopClass.startsWith(prefix)) return undefined;
  const isSupported = sopClass in limitsOf;
  return {
    uid: text(object, Tag.SOPInstanceUID) ?? '',
    label: text(object, PresentationTag.ContentLabel) ?? 'Presentation',
    description: text(object, PresentationTag.ContentDescription) ?? '',
    creator: personName(object, PresentationTag.ContentCreatorName) ?? '',
    when: [
      formatDate(text(object, PresentationTag.PresentationCreationDate)),
      formatTime(text(object, PresentationTag.PresentationCreationTime)),
    ]
      .filter(Boolean)
      .join(' '),
    limits: isSupported
      ? (limitsOf[sopClass] ?? limitOf(object))
      : 'Presentations that blend images are not supported.',
    isSupported,
    object,
  };
}

/** Whether the state is about this image or frame. */
export function appliesTo({ object }: PresentationState, frame: Frame): boolean {
  return items(object, PresentationTag.ReferencedSeriesSequence).some((series) => refersTo(series, frame));
}

/** How a state shows an image. */
export function lookOf({ object }: PresentationState, frame: Frame): Look {
  const turn = turnOf(object);
  const area = areaOf(object, frame);
  const voi = itemFor(items(object, PresentationTag.SoftcopyVOILUTSequence), frame);
  return {
    turn,
    area,
    window: voi && windowOf(voi, object, frame),
    voiLutFunction: text(voi, Tag.VOILUTFunction),
    darkIsHigh: text(object, PresentationTag.PresentationLUTShape) === 'INVERSE',
    layers: layersOf(object, (item) => refersTo(item, frame), area, turn),
    shutter: shutterOf(object),
    planes: overlayPlanesOf(object).filter(({ inline, bulkUri }) => inline ?? bulkUri),
  };
}

/** Whether the item's images include the frame; one that names none is about all of them. */
function refersTo(item: DicomObject, frame: Frame): boolean {
  const images = items(item, PresentationTag.ReferencedImageSequence);
  return (
    images.length === 0 ||
    images.some((image) => {
      const frames = numbers(image, PresentationTag.ReferencedFrameNumber);
      return (
        text(image, PresentationTag.ReferencedSOPInstanceUID) === frame.sopInstanceUid &&
        (frames.length === 0 || frames.includes(frame.frameNumber))
      );
    })
  );
}

function itemFor(candidates: readonly DicomObject[], frame: Frame): DicomObject | undefined {
  return candidates.find((item) => refersTo(item, frame));
}

function turnOf(object: DicomObject): Turn {
  const rotation = number(object, PresentationTag.ImageRotation) ?? 0;
  return {
    rotation: rotation === 90 || rotation === 180 || rotation === 270 ? rotation : 0,
    flipped: text(object, PresentationTag.ImageHorizontalFlip) === 'Y',
  };
}

function areaOf(object: DicomObject, frame: Frame): DisplayedArea | undefined {
  const item = itemFor(items(object, PresentationTag.DisplayedAreaSelectionSequence), frame);
  const [left, top] = numbers(item, PresentationTag.DisplayedAreaTopLeftHandCorner);
  const [right, bottom] = numbers(item, PresentationTag.DisplayedAreaBottomRightHandCorner);
  if (!item || left === undefined || top === undefined || right === undefined || bottom === undefined) {
    return undefined;
  }
  const [fromX, toX] = outerEdges(left, right);
  const [fromY, toY] = outerEdges(top, bottom);
  const sizeMode = text(item, PresentationTag.PresentationSizeMode);
  return {
    mode: sizeMode === 'TRUE SIZE' ? 'true size' : sizeMode === 'MAGNIFY' ? 'magnify' : 'fit',
    from: [fromX, fromY],
    to: [toX, toY],
    magnification: number(item, PresentationTag.PresentationPixelMagnificationRatio) ?? 1,
    columnSpacing: numbers(item, PresentationTag.PresentationPixelSpacing)[1],
  };
}

/** Pixels are counted from 1, and both of them are shown whole. */
function outerEdges(first: number, last: number): readonly [number, number] {
  return first <= last ? [first - 1, last] : [first, last - 1];
}

/** The state's window, brought from its own modality values to those of the image (PS3.3 C.11.1). */
function windowOf(voi: DicomObject, object: DicomObject, frame: Frame): Window | undefined {
  const [table] = tablesOf(voi, PresentationTag.VOILUTSequence, frame.rescale.intercept < 0);
  if (table) return tableWindow(table);
  const center = number(voi, Tag.WindowCenter);
  const width = number(voi, Tag.WindowWidth);
  if (center === undefined || width === undefined || width <= 0) return undefined;
  const slope = number(object, Tag.RescaleSlope) ?? 1;
  const intercept = number(object, Tag.RescaleIntercept) ?? 0;
  const hasOwn = number(object, Tag.RescaleSlope) !== undefined && slope !== 0;
  const own = hasOwn ? { slope, intercept } : { slope: 1, intercept: 0 };
  const { rescale } = frame;
  const factor = rescale.slope / own.slope;
  return {
    center: (center - own.intercept) * factor + rescale.intercept,
    width: width * Math.abs(factor),
    explanation: text(voi, Tag.WindowExplanation),
  };
}

/** What of a state is not drawn; a reader has to know that more was meant. */
function limitOf(object: DicomObject): string | undefined {
  const limits = [
    holdsTable(object) && 'Its look-up table is not used: brightness may differ.',
    holdsUndrawnCompounds(object) && 'Not all of its drawings are shown.',
  ].filter(Boolean);
  return limits.length > 0 ? limits.join(' ') : undefined;
}

function holdsTable(object: DicomObject): boolean {
  const sequences = [PresentationTag.ModalityLUTSequence, PresentationTag.PresentationLUTSequence];
  return sequences.some((sequence) => items(object, sequence).length > 0);
}

/** Compound graphics (rulers, axes, boxes) come with the same in simple shapes, as a rule (PS3.3 C.10.5.1.3). */
function holdsUndrawnCompounds(object: DicomObject): boolean {
  return items(object, PresentationTag.GraphicAnnotationSequence).some(
    (one) =>
      items(one, PresentationTag.CompoundGraphicSequence).length > 0 &&
      items(one, PresentationTag.GraphicObjectSequence).length === 0 &&
      items(one, PresentationTag.TextObjectSequence).length === 0,
  );
}
