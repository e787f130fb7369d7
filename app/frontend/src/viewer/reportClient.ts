/** Exchange of the study's report with the server. */

import type { ReportDocument } from '../report/editor';
import type { OwnRequests } from './ownRequests';

export type ReportContent = Partial<Record<string, ReportDocument>>;

/** What speaks against signing; `key` names what exactly was acknowledged. */
export interface SigningWarning {
  key: string;
  text: string;
}

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
  warnings?: readonly SigningWarning[];
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

/** Something speaks against signing that the signer has not acknowledged. */
export class UnacknowledgedError extends Error {
  constructor(
    message: string,
    readonly warnings: readonly SigningWarning[],
  ) {
    super(message);
  }
}

interface Refusal {
  detail: string;
  current?: Report;
  warnings?: readonly SigningWarning[];
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

  /** Raises UnacknowledgedError while a warning is not among the acknowledged ones. */
  sign(version: number, password: string, acknowledged: readonly string[]): Promise<Report> {
    return this.exchange('POST', 'signature', { version, password, acknowledged });
  }

  add(document: ReportDocument, password: string): Promise<Report> {
    return this.exchange('POST', 'addenda', { document, password });
  }

  private async exchange(method: string, part: string, body?: object): Promise<Report> {
    const response = await this.requests.send(method, `${this.url}/${part}`, body);
    if (response.status !== conflict) return (await response.json()) as Report;
    const { detail, current, warnings } = (await response.json()) as Refusal;
    if (warnings) throw new UnacknowledgedError(detail, warnings);
    throw new ReportConflict(detail, current);
  }
}
