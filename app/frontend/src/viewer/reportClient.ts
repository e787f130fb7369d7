/** Exchange of the study's report with the server. */

import type { ReportDocument } from '../report/editor';
import type { Facts } from '../report/fields';
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

export interface Order {
  procedure: string;
  reason: string;
  history: string;
  requestedBy: string;
  priority: string;
}

export interface Template {
  name: string;
  /** Such as `CT HEAD`. */
  details: string;
  isOwn: boolean;
  /** Made for studies like this one. */
  fits: boolean;
  content: ReportContent;
}

export interface ComparablePrior {
  studyUid: string;
  /** As a report names it: description and date. */
  name: string;
  isOpened: boolean;
  isEarlier: boolean;
  isDoubtful: boolean;
}

/** What helps to write: everything is copied from here, so that nothing changes under the writer. */
export interface Assistance {
  order: Order | null;
  facts: Facts;
  templates: readonly Template[];
  macros: readonly { shortcut: string; text: string }[];
  priors: readonly ComparablePrior[];
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

  async assistance(): Promise<Assistance> {
    return (await this.requests.json('GET', `${this.url}/assistance`)) as Assistance;
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
