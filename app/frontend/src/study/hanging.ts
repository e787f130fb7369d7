/**
 * Hanging protocols: how a kind of study is laid out.
 *
 * The types are those of the files that the server checks and hands out (`noctis/viewer/hanging_protocols.py`).
 */

import type { Window } from './frame';

export interface HangingProtocol {
  id: string;
  name: string;
  /** Between protocols that fit equally well; 50 where the file does not say. */
  priority?: number;
  match: Match;
  stages: readonly Stage[];
}

/** Which studies a protocol is for; what is left out does not matter. */
export interface Match {
  /** At least one of them; `*` stands for any. */
  modalities: readonly string[];
  /** A body part or the description has to fit, where either is named. */
  bodyParts?: readonly string[];
  description?: string;
  minSeries?: number;
  maxSeries?: number;
  minImages?: number;
  maxImages?: number;
  /** Each of them has to be there. */
  views?: readonly string[];
  /** Whether there is an earlier study to compare with. */
  prior?: boolean;
}

export interface Stage {
  name: string;
  rows: number;
  columns: number;
  slots: readonly Slot[];
}

export interface Slot {
  label: string;
  /** The first rule that finds something decides. */
  show: readonly Rule[];
  /** The name of a preset, or a window in modality units. */
  window?: string | Window;
  /** Relative to the fitted image. */
  zoom?: number;
  /** The edge that the image touches. */
  align?: 'left' | 'right';
  image?: 'first' | 'middle' | 'last';
  /** Slots of one group move together. */
  sync?: string;
  /** Whether it may show what another slot shows already. */
  reuse?: boolean;
}

export interface Rule {
  study?: 'current' | 'prior';
  modalities?: readonly string[];
  description?: string;
  notDescription?: string;
  plane?: ImagePlane;
  views?: readonly string[];
  laterality?: Side;
  clip?: boolean;
  minImages?: number;
  maxImages?: number;
  pick?: 'first' | 'last' | 'largest';
}

export type Side = 'L' | 'R';
export type ImagePlane = 'axial' | 'coronal' | 'sagittal';

/** What the rules know of a study. */
export interface HungStudy {
  uid: string;
  isPrior: boolean;
  description: string;
  /** Those with images, in reading order. */
  series: readonly HungSeries[];
}

export interface HungSeries {
  studyUid: string;
  uid: string;
  modality: string;
  description: string;
  bodyPart: string;
  imageCount: number;
  /** Known once the series' metadata have been read. */
  images?: readonly HungImage[];
}

export interface HungImage {
  /** The display set that it is in, and where. */
  partId: string;
  index: number;
  /** How many images the display set has. */
  count: number;
  isClip: boolean;
  view: string | undefined;
  laterality: Side | undefined;
  plane: ImagePlane | undefined;
}

/** What a slot is to show. */
export interface Found {
  studyUid: string;
  seriesUid: string;
  partId: string | undefined;
  index: number | undefined;
}

const projections = new Set(['CR', 'DX', 'RG', 'MG', 'IO', 'PX']);

/** Series of these hold pictures that each stand for themselves; of others a series is one stack. */
export function isProjection(modality: string): boolean {
  return projections.has(modality);
}

export function anyOf(wanted: readonly string[] | undefined, present: string): boolean {
  return !wanted || wanted.length === 0 || wanted.includes('*') || wanted.includes(present);
}

export function says(pattern: string | undefined, ...texts: readonly string[]): boolean {
  if (pattern === undefined) return false;
  const expression = compiled(pattern);
  return expression !== undefined && texts.some((text) => expression.test(text));
}

/** The server's dialect of patterns is not the browser's: one that only the server understands fits nothing. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'iu');
  } catch {
    return undefined;
  }
}
