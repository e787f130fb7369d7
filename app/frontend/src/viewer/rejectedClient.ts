/** What quality control rejected of another study than the one that is read. */

import { getJson } from '../dicomweb/http';
import { nothingRejected, type Rejected } from '../study/rejected';
import { ofStudy, type ViewerSettings } from './settings';

/** Rejected images are left out of priors too, unless this reader has those of the study shown. */
export async function askRejected(settings: ViewerSettings, studyUid: string): Promise<Rejected> {
  if (settings.rejectedUrl === undefined) return nothingRejected;
  const url = ofStudy(settings.rejectedUrl, settings, studyUid);
  const rejected = (await getJson(url, { accept: 'application/json' })) as Rejected;
  return { ...rejected, isShown: settings.rejected.isShown };
}
