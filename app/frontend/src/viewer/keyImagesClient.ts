/** Key images: marked on the server, and selections of them that came with the study. */

import type { DicomWebClient } from '../dicomweb/client';
import type { DicomObject } from '../dicomweb/json';
import type { Window } from '../study/frame';
import { keyObjectSelectionOf, type ImagePlace, type KeyObjectSelection } from '../study/keyObjects';
import { seriesListOf } from '../study/seriesList';
import type { OwnRequests } from './ownRequests';
import type { ViewerSettings } from './settings';

export interface KeyImage extends ImagePlace {
  instanceNumber: number | null;
  seriesDescription: string;
  modality: string;
  author: string;
  /** ISO 8601. */
  markedAt: string;
  /** As its reader saw it; null where the image's own counts. */
  window: Window | null;
  /** Where a picture of it is. */
  picture: string;
}

export interface SelectionTitle {
  code: string;
  meaning: string;
}

export interface KeyImageList {
  keyImages: readonly KeyImage[];
  titles: readonly SelectionTitle[];
}

const modality = 'KO';

export class KeyImagesClient {
  constructor(
    private readonly client: DicomWebClient,
    private readonly settings: ViewerSettings,
    private readonly requests: OwnRequests,
  ) {}

  async list(): Promise<KeyImageList> {
    return (await this.requests.json('GET', this.settings.keyImagesUrl)) as KeyImageList;
  }

  async selections(): Promise<KeyObjectSelection[]> {
    const { studyUid } = this.settings;
    const series = seriesListOf(await this.client.seriesOf(studyUid)).filter(
      (one) => one.modality === modality,
    );
    const objects = await Promise.all(series.map(({ uid }) => this.client.seriesMetadata(studyUid, uid)));
    return objects.flat().flatMap((object) => keyObjectSelectionOf(object) ?? []);
  }

  async mark(place: ImagePlace, window: Window | undefined): Promise<KeyImage> {
    const body = window ? { window: { center: window.center, width: window.width } } : {};
    return (await this.requests.json('PUT', this.urlOf(place), body)) as KeyImage;
  }

  async unmark(place: ImagePlace): Promise<void> {
    await this.requests.send('DELETE', this.urlOf(place));
  }

  async keep(title: string, description: string): Promise<KeyObjectSelection | undefined> {
    const answer = await this.requests.json('POST', this.settings.keyObjectSelectionsUrl, {
      title,
      description,
    });
    return keyObjectSelectionOf((answer as { object: DicomObject }).object);
  }

  private urlOf({ sopInstanceUid, frameNumber }: ImagePlace): string {
    return `${this.settings.keyImagesUrl}/${sopInstanceUid}/${frameNumber}`;
  }
}
