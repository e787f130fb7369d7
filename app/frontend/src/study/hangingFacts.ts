/** What hanging protocols need to know of a study, from its list of series and from the images' own headers. */

import { items, text, texts } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import type { DisplaySet } from './displaySets';
import type { Frame } from './frame';
import type { HungImage, HungSeries, HungStudy, ImagePlane, Side } from './hanging';
import { holdsImages, type SeriesSummary } from './seriesList';
import { normalOf } from './sorting';

/** Mammographic views by code: SNOMED CT, then its older form (PS3.16 CID 4014). */
const viewCodes: Record<string, string | undefined> = {
  '399162004': 'CC',
  'R-10242': 'CC',
  '399368009': 'MLO',
  'R-10226': 'MLO',
  '399260004': 'ML',
  'R-10224': 'ML',
  '399352003': 'LM',
  'R-10228': 'LM',
};

export function studyFacts(
  uid: string,
  isPrior: boolean,
  description: string,
  series: readonly SeriesSummary[],
  setsOf: (seriesUid: string) => readonly DisplaySet[] | undefined,
): HungStudy {
  const hung = series.filter(holdsImages).map((summary): HungSeries => {
    const sets = setsOf(summary.uid);
    return {
      studyUid: uid,
      uid: summary.uid,
      modality: summary.modality,
      description: summary.description,
      bodyPart: summary.bodyPart,
      imageCount: summary.instanceCount ?? 0,
      ...(sets ? { images: imagesOf(sets) } : {}),
    };
  });
  return { uid, isPrior, description, series: hung };
}

export function imagesOf(sets: readonly DisplaySet[]): HungImage[] {
  return sets.flatMap((set) =>
    set.kind === 'images'
      ? set.frames.map((frame, index) => ({
          partId: set.id,
          index,
          count: set.frames.length,
          isClip: set.isClip,
          view: viewOf(frame),
          laterality: lateralityOf(frame),
          plane: planeName(frame),
        }))
      : [],
  );
}

export function lateralityOf({ instance }: Frame): Side | undefined {
  const side = text(instance, Tag.ImageLaterality) ?? text(instance, Tag.Laterality);
  return side === 'L' || side === 'R' ? side : undefined;
}

export function viewOf({ instance }: Frame): string | undefined {
  const stated = text(instance, Tag.ViewPosition);
  if (stated) return stated.toUpperCase();
  const [view] = items(instance, Tag.ViewCodeSequence);
  return view && viewCodes[text(view, Tag.CodeValue) ?? ''];
}

/** The plane that a slice is nearest to. */
export function planeName(frame: Frame): ImagePlane | undefined {
  const normal = normalOf(frame);
  if (!normal) return undefined;
  const [x, y, z] = normal.map(Math.abs) as [number, number, number];
  if (z >= x && z >= y) return 'axial';
  return x >= y ? 'sagittal' : 'coronal';
}

/**
 * How a mammogram is turned to hang as readers expect it: chest wall to the right for a right breast and to the left
 * for a left one, so that the two stand back to back (PS3.3 C.7.6.1.1.1 for what Patient Orientation says).
 */
export function mammogramFlips(frame: Frame): { horizontal: boolean; vertical: boolean } {
  const [across = '', down = ''] = texts(frame.instance, Tag.PatientOrientation);
  const side = lateralityOf(frame);
  const towardsNipple = across.includes('A');
  const towardsChest = across.includes('P');
  return {
    horizontal: (side === 'R' && towardsNipple) || (side === 'L' && towardsChest),
    vertical: down.startsWith('H') || (viewOf(frame) === 'CC' && isUpsideDown(side, down)),
  };
}

/** A cranio-caudal view shows the outer side of the breast above: rows run from lateral to medial. */
function isUpsideDown(side: Side | undefined, down: string): boolean {
  return (side === 'R' && down.startsWith('R')) || (side === 'L' && down.startsWith('L'));
}
