/** What each slot of a stage shows. */

import {
  anyOf,
  isProjection,
  says,
  type Found,
  type HungImage,
  type HungSeries,
  type HungStudy,
  type Rule,
  type Slot,
  type Stage,
} from './hanging';

export interface Filling {
  slot: Slot;
  found: Found | undefined;
}

interface Candidate {
  key: string;
  count: number;
  found: Found;
}

/** `trusting` takes series whose headers nobody has read yet for what a slot asks for: enough to choose a protocol by. */
export function fill(stage: Stage, studies: readonly HungStudy[], trusting = false): Filling[] {
  const used = new Set<string>();
  return stage.slots.map((slot) => {
    const chosen = firstFound(slot, studies, used, trusting);
    if (chosen?.key) used.add(chosen.key);
    return { slot, found: chosen?.found };
  });
}

/** The series whose images' own headers a stage needs before it can be filled. */
export function seriesToRead(stage: Stage, studies: readonly HungStudy[]): HungSeries[] {
  const rules = stage.slots.flatMap(({ show }) => show);
  return studies.flatMap((study) =>
    study.series.filter(
      (series) =>
        series.images === undefined &&
        rules.some((rule) => isOf(rule, study) && fitsSeries(rule, series) && asksForImages(rule, series)),
    ),
  );
}

function firstFound(
  slot: Slot,
  studies: readonly HungStudy[],
  used: ReadonlySet<string>,
  trusting: boolean,
): Candidate | undefined {
  for (const rule of slot.show) {
    const candidates = studies
      .filter((study) => isOf(rule, study))
      .flatMap((study) => candidatesOf(rule, study, trusting));
    const free = candidates.filter(({ key }) => slot.reuse === true || !used.has(key));
    const picked = pick(rule, free);
    if (picked) return picked;
  }
  return undefined;
}

function pick(rule: Rule, candidates: readonly Candidate[]): Candidate | undefined {
  if (rule.pick === 'last') return candidates.at(-1);
  if (rule.pick !== 'largest') return candidates[0];
  return candidates.reduce<Candidate | undefined>(
    (best, candidate) => (best && best.count >= candidate.count ? best : candidate),
    undefined,
  );
}

function isOf(rule: Rule, study: HungStudy): boolean {
  return study.isPrior === (rule.study === 'prior');
}

function candidatesOf(rule: Rule, study: HungStudy, trusting: boolean): Candidate[] {
  return study.series.flatMap((series) => {
    if (!fitsSeries(rule, series)) return [];
    if (!series.images && !asksForImages(rule, series)) return whole(rule, series);
    if (!series.images) return trusting ? unread(series) : [];
    const images = isProjection(series.modality) ? series.images : firstOfEachPart(series.images);
    return images.filter((image) => fitsImage(rule, image)).map((image) => candidate(series, image));
  });
}

function fitsSeries(rule: Rule, series: HungSeries): boolean {
  return (
    anyOf(rule.modalities, series.modality) &&
    (rule.description === undefined || says(rule.description, series.description)) &&
    !says(rule.notDescription, series.description)
  );
}

function asksForImages(rule: Rule, { modality }: HungSeries): boolean {
  const { plane, views, laterality, clip } = rule;
  return isProjection(modality) || [plane, views, laterality, clip].some((asked) => asked !== undefined);
}

function fitsImage(rule: Rule, image: HungImage): boolean {
  const { plane, views, laterality, clip } = rule;
  return (
    fitsCount(rule, image.count) &&
    (plane === undefined || plane === image.plane) &&
    (views === undefined || (image.view !== undefined && views.includes(image.view))) &&
    (laterality === undefined || laterality === image.laterality) &&
    (clip === undefined || clip === image.isClip)
  );
}

function fitsCount({ minImages = 0, maxImages = Infinity }: Rule, count: number): boolean {
  return count >= minImages && count <= maxImages;
}

function whole(rule: Rule, { studyUid, uid, imageCount }: HungSeries): Candidate[] {
  if (!fitsCount(rule, imageCount)) return [];
  const found = { studyUid, seriesUid: uid, partId: undefined, index: undefined };
  return [{ key: uid, count: imageCount, found }];
}

/** It may hold as many images as slots ask for, so it is never used up. */
function unread({ studyUid, uid, imageCount }: HungSeries): Candidate[] {
  const found = { studyUid, seriesUid: uid, partId: undefined, index: undefined };
  return [{ key: '', count: imageCount, found }];
}

function candidate({ studyUid, uid, modality }: HungSeries, { partId, index, count }: HungImage): Candidate {
  const alone = isProjection(modality);
  return {
    key: alone ? `${partId}#${index}` : partId,
    count,
    found: { studyUid, seriesUid: uid, partId, index: alone ? index : undefined },
  };
}

function firstOfEachPart(images: readonly HungImage[]): HungImage[] {
  return images.filter(({ index }) => index === 0);
}
