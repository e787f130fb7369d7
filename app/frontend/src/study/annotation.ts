/** A measurement or a remark on an image, as it is kept: where it lies, not how it is drawn. */

import type { Quantity } from './measurement';
import type { Vector } from './vector';

export interface Annotation {
  uid: string;
  tool: string;
  studyUid: string;
  seriesUid: string;
  sopInstanceUid: string;
  /** Counted from 1. */
  frameNumber: number;
  frameOfReferenceUid: string | undefined;
  /** Millimetres in the patient, or in the image's own grid where the image says nothing of the patient. */
  points: readonly Vector[];
  /** The outline of a shape drawn by hand; else empty. */
  contour: readonly Vector[];
  /** Where the reader moved the words to. */
  textAt: Vector | undefined;
  text: string;
  quantities: readonly Quantity[];
}

export interface SavedAnnotation extends Annotation {
  /** Grows by one with each change. */
  version: number;
  author: string;
  /** Who measured it, where it came with a structured report; else empty. */
  origin: string;
  /** ISO 8601. */
  changedAt: string;
  mayChange: boolean;
}

export const toolLabels: Record<string, string> = {
  length: 'Length',
  bidirectional: 'Bidirectional',
  angle: 'Angle',
  cobb: 'Cobb angle',
  cardiothoracic: 'Cardiothoracic ratio',
  rectangle: 'Rectangle',
  ellipse: 'Ellipse',
  circle: 'Circle',
  freehand: 'Freehand region',
  probe: 'Probe',
  arrow: 'Arrow',
  label: 'Text',
};
