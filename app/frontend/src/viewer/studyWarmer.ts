/**
 * Brings what a study begins with into the browser's cache: it opens without waiting for the archive then.
 *
 * Nothing is kept here, and nothing counts as opened: what the cache may hold and for whom, the archive's answers say.
 */

import type { DicomWebClient } from '../dicomweb/client';
import { displaySetsOf } from '../study/displaySets';
import { holdsImages, seriesListOf } from '../study/seriesList';

const mostSeries = 4;
/** Of the series that comes first; of the others the first image alone. */
const firstImages = 6;

export async function warmStudy(
  client: DicomWebClient,
  studyUid: string,
  signal: AbortSignal,
): Promise<void> {
  const series = seriesListOf(await client.seriesOf(studyUid, signal)).filter(holdsImages);
  for (const [place, { uid }] of series.slice(0, mostSeries).entries()) {
    await warmSeries(client, studyUid, uid, place === 0 ? firstImages : 1, signal);
  }
}

export async function warmSeries(
  client: DicomWebClient,
  studyUid: string,
  seriesUid: string,
  images: number,
  signal: AbortSignal,
): Promise<void> {
  const [first] = displaySetsOf(await client.seriesMetadata(studyUid, seriesUid, signal));
  if (first?.kind !== 'images') return;
  for (const { sopInstanceUid, frameNumber } of first.frames.slice(0, images)) {
    await client.frame(client.frameUrl(studyUid, seriesUid, sopInstanceUid, frameNumber), signal);
  }
}
