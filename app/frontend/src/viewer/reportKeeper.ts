/** Writes the report down as it is written: saved a moment after each pause, under a lock that is renewed. */

import { HttpError, SignedOutError } from '../dicomweb/errors';
import type { UnsavedWords } from '../report/unsavedWords';
import { ReportConflict, type Report, type ReportClient, type ReportContent } from './reportClient';

export type WritingState = 'reading' | 'saved' | 'saving' | 'waiting' | 'signedOut';

export interface ReportKeeperEvents {
  /** What the server has, after anything but the writer's own words changed it. */
  shown(report: Report): void | Promise<void>;
  stateChanged(state: WritingState): void;
  /** Writing ended against the writer's will; what they wrote and the server does not have is still on the screen. */
  stopped(why: string): void;
  failed(error: unknown): void;
}

type Client = Pick<ReportClient, 'load' | 'lock' | 'unlock' | 'save'>;

const settleMs = 1500;
const renewMs = 30_000;
const firstRetryMs = 2000;
const longestRetryMs = 30_000;
const locked = 423;

export class ReportKeeper {
  private report: Report | undefined;
  private pending: ReportContent | undefined;
  private isWriting = false;
  private sending: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;
  private retryMs = firstRetryMs;
  private isSignedOut = false;

  constructor(
    private readonly client: Client,
    private readonly events: ReportKeeperEvents,
    private readonly unsaved: Pick<UnsavedWords, 'keep' | 'discard'>,
  ) {}

  get current(): Report | undefined {
    return this.report;
  }

  get writes(): boolean {
    return this.isWriting;
  }

  /** Whether the server has everything that was written. */
  get isSaved(): boolean {
    return this.pending === undefined && this.sending === undefined;
  }

  async load(): Promise<void> {
    try {
      await this.show(await this.client.load());
    } catch (error) {
      this.events.failed(error);
    }
  }

  /** Raises HttpError 423 where somebody else writes, unless it is taken over. */
  async begin(byForce = false): Promise<void> {
    const report = await this.client.lock(byForce);
    this.isWriting = true;
    await this.show(report);
    clearInterval(this.renewal);
    this.renewal = setInterval(() => void this.renew(), renewMs);
    this.events.stateChanged('saved');
  }

  changed(content: ReportContent): void {
    if (!this.isWriting) return;
    this.pending = content;
    if (this.isInTrouble) this.keepHere();
    this.events.stateChanged('saving');
    this.saveAfter(settleMs);
  }

  /** Sends what is not sent yet, at once. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await this.sending;
    await this.send();
  }

  /** The page is being left: what the server may not get any more is kept on this computer. */
  leaving(): void {
    if (!this.pending) return;
    this.keepHere();
    void this.flush();
  }

  /** The server answers again. */
  goOn(): void {
    if (this.pending) this.saveAfter(0);
  }

  /** Takes over what signing, or the like, made of the report; writing ends. */
  adopt(report: Report): void {
    this.leave();
    void this.show(report);
  }

  /** Keeps the words and lets others write. */
  async end(): Promise<void> {
    await this.flush();
    if (!this.isWriting || this.pending) return;
    this.leave();
    await this.client.unlock();
    await this.load();
  }

  private saveAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), milliseconds);
  }

  private async send(): Promise<void> {
    if (!this.pending || this.sending) return;
    this.sending = this.save(this.pending).finally(() => {
      this.sending = undefined;
    });
    await this.sending;
    if (this.hasMore && this.retryMs === firstRetryMs) this.saveAfter(settleMs);
  }

  private get isInTrouble(): boolean {
    return this.retryMs > firstRetryMs || this.isSignedOut;
  }

  private keepHere(): void {
    if (this.pending) this.unsaved.keep(this.pending, this.report?.version ?? 0);
  }

  private get hasMore(): boolean {
    return this.pending !== undefined && this.isWriting;
  }

  private async save(content: ReportContent): Promise<void> {
    try {
      this.report = { ...this.report, ...(await this.client.save(content, this.report?.version ?? 0)) };
      if (this.pending === content) this.pending = undefined;
      [this.retryMs, this.isSignedOut] = [firstRetryMs, false];
      if (!this.pending) this.unsaved.discard();
      this.events.stateChanged(this.pending ? 'saving' : 'saved');
    } catch (error) {
      this.saveFailed(error);
    }
  }

  private saveFailed(error: unknown): void {
    this.keepHere();
    if (error instanceof ReportConflict) {
      this.stop(error.message);
      return;
    }
    if (error instanceof HttpError && error.status < 500) {
      this.stop(error.status === locked ? 'Somebody else took the report over.' : error.message);
      return;
    }
    this.events.failed(error);
    this.isSignedOut = error instanceof SignedOutError;
    this.events.stateChanged(this.isSignedOut ? 'signedOut' : 'waiting');
    if (this.isSignedOut) return;
    this.retryMs = Math.min(longestRetryMs, this.retryMs * 2);
    this.saveAfter(this.retryMs);
  }

  private stop(why: string): void {
    this.leave();
    this.events.stopped(why);
  }

  private async renew(): Promise<void> {
    if (this.pending || this.sending) return;
    try {
      await this.client.lock(false);
    } catch (error) {
      if (error instanceof HttpError && error.status === locked)
        this.stop('Somebody else took the report over.');
    }
  }

  private leave(): void {
    this.isWriting = false;
    clearInterval(this.renewal);
    clearTimeout(this.timer);
    this.pending = undefined;
    this.events.stateChanged('reading');
  }

  /** Over only when it is on the screen: what is written next must not be shown over. */
  private async show(report: Report): Promise<void> {
    this.report = report;
    await this.events.shown(report);
  }
}
