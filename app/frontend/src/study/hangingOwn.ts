/** A reader's own layout for a kind of study: learned from what is on the screen, kept with the preferences. */

import type { Window } from './frame';
import type { HangingProtocol, HungStudy, ImagePlane, Rule, Side, Stage } from './hanging';

/** By kind of study. */
export type OwnLayouts = Record<string, OwnLayout>;

export interface OwnLayout {
  stage: Stage;
  /** The protocol whose stages follow it. */
  base: string;
}

/** What one viewport shows when the reader keeps the layout; undefined for an empty one. */
export interface ShownNow {
  isPrior: boolean;
  modality: string;
  description: string;
  view: string | undefined;
  laterality: Side | undefined;
  plane: ImagePlane | undefined;
  /** Where the reader chose one. */
  window: Window | undefined;
  sync: string | undefined;
}

export const ownId = 'own';

/** Studies of one kind: the same modalities of the same part of the body. */
export function kindOf({ series, description }: HungStudy): string {
  const modalities = [...new Set(series.map(({ modality }) => modality))].sort();
  const part = series.find(({ bodyPart }) => bodyPart !== '')?.bodyPart ?? description.trim().toUpperCase();
  return `${modalities.join('+')}/${part}`;
}

/** The kind in words. */
export function kindLabel(kind: string): string {
  const [modalities = '', part = ''] = kind.split('/', 2);
  return [modalities, part.toLowerCase()].filter(Boolean).join(' ') || 'this kind of study';
}

export function learn(
  rows: number,
  columns: number,
  shown: readonly (ShownNow | undefined)[],
  base: string,
): OwnLayout | undefined {
  const slots = shown.flatMap((one) =>
    one
      ? [
          {
            label: labelOf(one),
            show: rulesFor(one),
            ...(one.window ? { window: one.window } : {}),
            ...(one.sync === undefined ? {} : { sync: one.sync }),
            reuse: true,
          },
        ]
      : [],
  );
  if (slots.length === 0) return undefined;
  return { stage: { name: 'My layout', rows, columns, slots }, base };
}

/** The reader's layout as a protocol, followed by the stages of the one that it was made from. */
export function ownProtocol(
  layouts: OwnLayouts,
  kind: string,
  protocols: readonly HangingProtocol[],
): HangingProtocol | undefined {
  const own = layouts[kind];
  if (!own) return undefined;
  const base = protocols.find(({ id }) => id === own.base);
  return {
    id: ownId,
    name: 'My layout',
    match: { modalities: ['*'] },
    stages: [own.stage, ...(base?.stages ?? [])],
  };
}

function labelOf({ isPrior, description, modality }: ShownNow): string {
  return `${description || modality}${isPrior ? ', prior' : ''}`.slice(0, 100);
}

/** The same description, else the same kind of image. */
function rulesFor({ isPrior, modality, description, view, laterality, plane }: ShownNow): Rule[] {
  const study = isPrior ? ('prior' as const) : ('current' as const);
  const image = {
    ...(view === undefined ? {} : { views: [view] }),
    ...(laterality === undefined ? {} : { laterality }),
  };
  const exact: Rule = { study, modalities: [modality], description: `^${escaped(description)}$`, ...image };
  const alike: Rule = { study, modalities: [modality], ...image, ...(plane && !view ? { plane } : {}) };
  return description === '' ? [alike] : [exact, alike];
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
