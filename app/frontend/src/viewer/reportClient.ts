/** Exchange of the study's report with the server. */

import type { ReportDocument } from '../report/editor';
import type { OwnRequests } from './ownRequests';

export type ReportContent = Partial<Record<string, ReportDocument>>;

export interface Report {
  /** Null while nothing was written. */
  state: 'draft' | 'preliminary' | 'final' | 'addended' | null;
  version: number;
  content: ReportContent;
  addenda: readonly { number: number; document: ReportDocument; author: string; signedAt: string }[];
  signedBy?: string | null;
  signedAt?: string | null;
  mayWrite: boolean;
  /** Somebody else who writes now. */
  writer: string | null;
  /** What speaks against signing now; with the first answer only. */
  warnings?: readonly string[];
}

/** Somebody else changed it meanwhile, or it is signed. */
export class ReportConflict extends Error {
  constructor(
    message: string,
    readonly current: Report | undefined,
  ) {
    super(message);
  }
}

const conflict = 409;

export class ReportClient {
  constructor(
    private readonly url: string,
    private readonly requests: OwnRequests,
  ) {}

  load(): Promise<Report> {
    return this.exchange('GET', 'content');
  }

  /** Begins or goes on writing. Raises HttpError 423 where somebody else writes. */
  lock(byForce: boolean): Promise<Report> {
    return this.exchange('POST', 'lock', { byForce });
  }

  async unlock(): Promise<void> {
    await this.requests.send('DELETE', `${this.url}/lock`, {});
  }

  /** Raises ReportConflict, or HttpError 423. */
  save(content: ReportContent, version: number): Promise<Report> {
    return this.exchange('PUT', 'content', { content, version });
  }

  release(version: number): Promise<Report> {
    return this.exchange('POST', 'release', { version });
  }

  sign(version: number, password: string): Promise<Report> {
    return this.exchange('POST', 'signature', { version, password });
  }

  add(document: ReportDocument, password: string): Promise<Report> {
    return this.exchange('POST', 'addenda', { document, password });
  }

  private async exchange(method: string, part: string, body?: object): Promise<Report> {
    const response = await this.requests.send(method, `${this.url}/${part}`, body);
    if (response.status !== conflict) return (await response.json()) as Report;
    const { detail, current } = (await response.json()) as { detail: string; current?: Report };
    throw new ReportConflict(detail, current);
  }
}
