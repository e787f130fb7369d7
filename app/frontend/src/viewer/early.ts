/**
 * What the viewer needs first, asked for while the browser still reads the viewer itself.
 *
 * This module and what it imports stay small: they run before the imaging library is there.
 */

import type { DicomWebClient } from '../dicomweb/client';
import type { Part } from '../dicomweb/multipart';
import type { ViewerSettings } from './settings';
import type { StudyData } from './studyData';

/** Frames that are on their way before anybody can show them; each is handed over once. */
export class EarlyFrames {
  private readonly frames = new Map<string, Promise<Part>>();

  constructor(private readonly client: DicomWebClient) {}

  ask(url: string): void {
    const frame = this.client.frame(url);
    this.frames.set(url, frame);
    // Whoever takes it deals with a failure; without that the next one asks anew.
    frame.catch(() => this.frames.delete(url));
  }

  take(url: string): Promise<Part> | undefined {
    const frame = this.frames.get(url);
    this.frames.delete(url);
    return frame;
  }
}

/** Asks for the list of series, and for the metadata and the first image of the series that will be shown first. */
export async function askEarly(
  data: StudyData,
  client: DicomWebClient,
  frames: EarlyFrames,
  { seriesUid, likelySeriesUid }: Pick<ViewerSettings, 'seriesUid' | 'likelySeriesUid'>,
): Promise<void> {
  const likely = seriesUid ?? likelySeriesUid;
  // Whether it comes first is known once the list is there; most often it does.
  if (likely) data.displaySets(likely).catch(() => undefined);
  await data.load();
  const series = data.firstSeries(seriesUid);
  const [first] = series ? await data.displaySets(series.uid) : [];
  const frame = first?.kind === 'images' ? first.frames[0] : undefined;
  if (frame)
    frames.ask(client.frameUrl(frame.studyUid, frame.seriesUid, frame.sopInstanceUid, frame.frameNumber));
}
