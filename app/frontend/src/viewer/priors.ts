/** The other studies of the patient, the most relevant first. */

import { getJson, type RetryPolicy } from '../dicomweb/http';
import { PatientMismatchError } from '../study/samePatient';
import type { OwnRequests } from './ownRequests';

export interface Prior {
  readonly studyUid: string;
  readonly viewerUrl: string;
  /** `YYYY-MM-DD`; null where the images name no date. */
  readonly date: string | null;
  /** `HH:MM`. */
  readonly time: string | null;
  readonly description: string;
  readonly modalities: readonly string[];
  readonly bodyParts: readonly string[];
  readonly seriesCount: number;
  readonly instanceCount: number;
  /** Made before the study that is read, or at the same time. */
  readonly isEarlier: boolean;
  /** Another name, birth date or sex under the same Patient ID: never shown or fetched unasked. */
  readonly isDoubtful: boolean;
  readonly sameModality: boolean;
  readonly sameRegion: boolean;
}

const conflict = 409;

export class PriorsClient {
  constructor(
    private readonly url: string,
    private readonly requests: Pick<OwnRequests, 'send'>,
    private readonly retry?: RetryPolicy,
  ) {}

  /** Has it recorded that a prior is shown; raises PatientMismatchError where it may be of somebody else. */
  async open(studyUid: string): Promise<void> {
    const response = await this.requests.send('POST', `${this.url}/${studyUid}`);
    if (response.status === conflict) throw new PatientMismatchError();
  }

  async list(): Promise<readonly Prior[]> {
    const options = { accept: 'application/json', ...(this.retry ? { retry: this.retry } : {}) };
    return ((await getJson(this.url, options)) as { priors: readonly Prior[] }).priors;
  }
}

/** The study that a reader most likely compares with: earlier, of the same part of the body, surely the same person. */
export function mostRelevant(priors: readonly Prior[]): Prior | undefined {
  return priors.find(({ isEarlier, isDoubtful, sameRegion }) => isEarlier && !isDoubtful && sameRegion);
}
