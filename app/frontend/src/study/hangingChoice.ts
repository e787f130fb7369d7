/** Which hanging protocol fits a study best. */

import { anyOf, says, type HangingProtocol, type HungSeries, type HungStudy, type Match } from './hanging';
import { fill } from './hangingFill';

/** How much it counts that a protocol asks for something, and the study has it. */
const worth = { modality: 20, region: 30, views: 15, prior: 10 };
/** What each slot of its first stage costs that would stay empty. */
const emptySlot = 20;
const usualPriority = 50;

export interface Ranked {
  protocol: HangingProtocol;
  score: number;
}

/** The protocols that fit, the best first. */
export function rank(protocols: readonly HangingProtocol[], studies: readonly HungStudy[]): Ranked[] {
  return protocols
    .flatMap((protocol) => {
      const score = scoreOf(protocol, studies);
      return score === undefined ? [] : [{ protocol, score }];
    })
    .sort((a, b) => b.score - a.score || a.protocol.id.localeCompare(b.protocol.id));
}

function scoreOf(protocol: HangingProtocol, studies: readonly HungStudy[]): number | undefined {
  const current = studies.find(({ isPrior }) => !isPrior);
  const [stage] = protocol.stages;
  const matched = current && matchScore(protocol.match, current, studies);
  if (matched === undefined || !stage) return undefined;
  const fillings = fill(stage, studies, true);
  const empty = fillings.filter(({ found }) => !found).length;
  if (empty === fillings.length) return undefined;
  return (protocol.priority ?? usualPriority) + matched - empty * emptySlot;
}

/** Undefined where the protocol is not for this study. */
function matchScore(match: Match, current: HungStudy, studies: readonly HungStudy[]): number | undefined {
  const series = current.series.filter(({ modality }) => anyOf(match.modalities, modality));
  const hasPrior = studies.some((study) => study.isPrior && study.series.length > 0);
  const asksForRegion = match.bodyParts !== undefined || match.description !== undefined;
  const fits =
    series.length > 0 &&
    isCounted(match, series) &&
    (!asksForRegion || isOfRegion(match, current)) &&
    hasViews(match, series) &&
    (match.prior === undefined || match.prior === hasPrior);
  if (!fits) return undefined;
  return (
    (match.modalities.includes('*') ? 0 : worth.modality) +
    (asksForRegion ? worth.region : 0) +
    (match.views ? worth.views : 0) +
    (match.prior === undefined ? 0 : worth.prior)
  );
}

function isCounted(match: Match, series: readonly HungSeries[]): boolean {
  const images = series.reduce((sum, { imageCount }) => sum + imageCount, 0);
  const { minSeries = 0, maxSeries = Infinity, minImages = 0, maxImages = Infinity } = match;
  return (
    series.length >= minSeries && series.length <= maxSeries && images >= minImages && images <= maxImages
  );
}

function isOfRegion(
  { bodyParts = [], description }: Match,
  { description: title, series }: HungStudy,
): boolean {
  if (series.some(({ bodyPart }) => bodyParts.includes(bodyPart))) return true;
  return says(description, title, ...series.map((one) => one.description));
}

function hasViews({ views = [] }: Match, series: readonly HungSeries[]): boolean {
  const present = series.flatMap(({ images = [] }) => images.map(({ view }) => view));
  return views.every((view) => present.includes(view));
}
