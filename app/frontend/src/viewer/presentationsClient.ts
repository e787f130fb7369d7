/** Presentation states of studies: found by DICOMweb, kept by the server. */

import type { DicomWebClient } from '../dicomweb/client';
import type { DicomObject } from '../dicomweb/json';
import { presentationStateOf, type PresentationState } from '../study/presentationState';
import type { SavedPresentation } from '../study/savedPresentation';
import { seriesListOf } from '../study/seriesList';
import type { OwnRequests } from './ownRequests';
import { ofStudy, type ViewerSettings } from './settings';

const modality = 'PR';

export class PresentationsClient {
  constructor(
    private readonly client: DicomWebClient,
    private readonly settings: ViewerSettings,
    private readonly requests: OwnRequests,
  ) {}

  async list(studyUid: string): Promise<PresentationState[]> {
    const series = seriesListOf(await this.client.seriesOf(studyUid));
    const own = series.filter((one) => one.modality === modality);
    const objects = await Promise.all(own.map(({ uid }) => this.client.seriesMetadata(studyUid, uid)));
    return objects.flat().flatMap((object) => presentationStateOf(object) ?? []);
  }

  async save(studyUid: string, presentation: SavedPresentation): Promise<PresentationState | undefined> {
    const url = ofStudy(this.settings.presentationsUrl, this.settings, studyUid);
    const answer = await this.requests.json('POST', url, presentation);
    return presentationStateOf((answer as { object: DicomObject }).object);
  }
}
