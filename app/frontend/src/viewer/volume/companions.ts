/** Which other series of the study can be fused with a volume: those in the same frame of reference. */

import { text } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import type { DisplaySet, ImageSet } from '../../study/displaySets';
import { volumePlan, type VolumePlan } from '../../study/volumeGeometry';
import type { StudyData } from '../studyData';

export interface FusionPartner {
  seriesUid: string;
  label: string;
  plan: VolumePlan;
}

const emission = ['PT', 'NM'];
const anatomy = ['CT', 'MR'];

export function isEmission(modality: string): boolean {
  return emission.includes(modality);
}

/** Emission goes over anatomy, so each looks for the other kind. Series that fail to load are no partners. */
export async function partnersOf(
  data: StudyData,
  plan: VolumePlan,
  modality: string,
): Promise<FusionPartner[]> {
  const wanted = isEmission(modality) ? anatomy : emission;
  const own = plan.frames[0]?.seriesUid;
  const candidates = data.series.filter((series) => wanted.includes(series.modality) && series.uid !== own);
  const found = await Promise.all(
    candidates.map(async ({ uid }) => {
      const sets = await data.displaySets(uid).catch((): DisplaySet[] => []);
      return sets
        .filter((set): set is ImageSet => set.kind === 'images')
        .flatMap((set) => partner(set, plan));
    }),
  );
  return found.flat();
}

function partner(set: ImageSet, { space }: VolumePlan): FusionPartner[] {
  const plan = volumePlan(set);
  if ('refusal' in plan || plan.space !== space) return [];
  const [first] = plan.frames;
  const label = text(first?.instance, Tag.SeriesDescription) ?? first?.modality ?? '';
  return [{ seriesUid: set.seriesUid, label, plan }];
}
