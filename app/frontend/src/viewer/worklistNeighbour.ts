/** The study after this one in the worklist, as the reader last saw it there. */

import { getJson } from '../dicomweb/http';

export interface NextStudy {
  readonly studyUid: string;
  readonly viewerUrl: string;
}

/** Undefined at the end of the worklist. Asking opens nothing. */
export async function studyAfter(url: string): Promise<NextStudy | undefined> {
  const answer = (await getJson(url, { accept: 'application/json' })) as { next: NextStudy | null };
  return answer.next ?? undefined;
}
