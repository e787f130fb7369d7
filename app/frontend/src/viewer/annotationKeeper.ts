/** Keeps annotations on the server as they are drawn, and what could not be sent until it can. */

import { HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Annotation, SavedAnnotation } from '../study/annotation';
import { ConflictError, type AnnotationsClient } from './annotationsClient';

/** `gone`: the archive does not have the image any more, or not for this reader. */
export type SavingState = 'saved' | 'saving' | 'waiting' | 'signedOut' | 'gone';

export interface KeeperEvents {
  /** `isSafe` is false while something unsaved would be lost with the page: the browser's storage took no copy. */
  stateChanged(state: SavingState, isSafe: boolean): void;
  /** The server's own version won; undefined where it was removed. */
  overruled(uid: string, current: SavedAnnotation | undefined): void;
  /** It is not the reader's to change. */
  refused(uid: string): void;
  /** The server cannot keep it as it is: it stays on the screen only. */
  unkept(uid: string): void;
  saved(annotation: SavedAnnotation): void;
  removed(uid: string): void;
}

/** What is to be told the server of one annotation; undefined stands for its removal. */
interface Pending {
  uid: string;
  studyUid: string;
  annotation: Annotation | undefined;
  version: number;
  /** What was sent and not answered: the server may have it all the same. */
  unanswered: readonly string[];
}

/** A drag changes an annotation many times a second. */
const settleMs = 500;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;
const forbidden = 403;

export class AnnotationKeeper {
  private readonly pending = new Map<string, Pending>();
  private readonly versions = new Map<string, number>();
  private readonly studies = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = firstRetryMs;
  private isSending = false;
  private isSafe = true;

  constructor(
    private readonly client: Pick<AnnotationsClient, 'save' | 'remove'>,
    private readonly read: (uid: string) => Annotation | undefined,
    private readonly events: KeeperEvents,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    private readonly storageKey: string,
  ) {}

  /** Takes over what the server has of a study; a list may be older than what was saved while it came. */
  adopt(saved: readonly SavedAnnotation[]): void {
    for (const { uid, studyUid, version } of saved) {
      this.versions.set(uid, Math.max(version, this.versions.get(uid) ?? 0));
      this.studies.set(uid, studyUid);
    }
  }

  /** Takes up what could not be sent before the page was left, of whatever study; returns it. */
  takeUp(): readonly Pending[] {
    const left = this.leftOver();
    for (const item of left) {
      this.pending.set(item.uid, item);
      this.studies.set(item.uid, item.studyUid);
    }
    if (left.length > 0) this.schedule(0);
    return left;
  }

  get isSaved(): boolean {
    return this.pending.size === 0;
  }

  changed(uid: string): void {
    const annotation = this.read(uid);
    if (!annotation) return;
    const { studyUid } = annotation;
    this.studies.set(uid, studyUid);
    this.put(uid, studyUid, annotation);
  }

  removed(uid: string): void {
    const studyUid = this.studies.get(uid);
    if (studyUid === undefined) return;
    this.put(uid, studyUid, undefined);
  }

  /** Sends at once what waits, such as when the connection is back. */
  flush(): void {
    if (this.pending.size > 0) this.schedule(0);
  }

  /** Sends what waits now; whether all of it has arrived. */
  async sendNow(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.isSending) await new Promise((resolve) => setTimeout(resolve, settleMs / 10));
    if (!this.isSaved) await this.send();
    return this.isSaved;
  }

  private put(uid: string, studyUid: string, annotation: Annotation | undefined): void {
    const unanswered = this.pending.get(uid)?.unanswered ?? [];
    this.pending.set(uid, { uid, studyUid, annotation, version: this.versions.get(uid) ?? 0, unanswered });
    this.remember();
    this.tell('saving');
    this.schedule(settleMs);
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), delayMs);
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      const isGone = await this.sendAll();
      this.remember();
      if (!isGone) this.retryMs = firstRetryMs;
      this.tell(this.isSaved ? 'saved' : isGone ? 'gone' : 'saving');
      if (!this.isSaved) this.schedule(isGone ? this.nextRetry() : settleMs);
    } catch (error) {
      this.remember();
      this.tell(error instanceof SignedOutError ? 'signedOut' : 'waiting');
      this.schedule(this.nextRetry());
    } finally {
      this.isSending = false;
    }
  }

  /** Whether something is left that the archive has no image for; it does not hold up the rest. */
  private async sendAll(): Promise<boolean> {
    let isGone = false;
    for (const item of [...this.pending.values()]) {
      try {
        await this.sendOne(item);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        isGone = true;
      }
    }
    return isGone;
  }

  private nextRetry(): number {
    const pauseMs = this.retryMs;
    this.retryMs = Math.min(pauseMs * 2, longestRetryMs);
    return pauseMs;
  }

  private async sendOne(item: Pending): Promise<void> {
    const { uid } = item;
    if (item.annotation) item.annotation = newer(item.annotation, this.read(uid));
    try {
      await this.exchange(item, this.versions.get(uid) ?? item.version);
    } catch (error) {
      if (error instanceof ConflictError) {
        this.versions.set(uid, error.current?.version ?? 0);
        if (error.current && item.unanswered.includes(drawingOf(error.current))) return this.sendOne(item);
        this.events.overruled(uid, error.current);
      } else if (error instanceof HttpError && !error.isTransient) {
        if (error.status === forbidden) this.events.refused(uid);
        else this.events.unkept(uid);
      } else {
        throw error;
      }
    }
    if (this.pending.get(uid) === item) this.pending.delete(uid);
  }

  private async exchange(item: Pending, version: number): Promise<void> {
    const { uid, annotation } = item;
    if (annotation) {
      this.noteSending(item, drawingOf(annotation));
      const saved = await this.client.save(annotation, version);
      this.answered(uid, saved.version);
      this.events.saved(saved);
    } else {
      if (version > 0 || item.unanswered.length > 0) await this.takeAway(item, version);
      this.answered(uid, 0);
      this.events.removed(uid);
    }
  }

  private async takeAway({ studyUid, uid }: Pending, version: number): Promise<void> {
    try {
      await this.client.remove(studyUid, uid, version);
    } catch (error) {
      if (version > 0 || !(error instanceof NotFoundError)) throw error; // else it never arrived
    }
  }

  /** Known before it is sent, and after a page that was left meanwhile. */
  private noteSending(item: Pending, drawing: string): void {
    if (item.unanswered.includes(drawing)) return;
    item.unanswered = [...item.unanswered, drawing];
    this.remember();
  }

  /** What was changed while the answer was on its way is made from the version that the answer names. */
  private answered(uid: string, version: number): void {
    this.versions.set(uid, version);
    const item = this.pending.get(uid);
    if (item) item.unanswered = [];
  }

  private tell(state: SavingState): void {
    this.events.stateChanged(state, this.isSafe);
  }

  private remember(): void {
    try {
      if (this.pending.size === 0) this.storage.removeItem(this.storageKey);
      else this.storage.setItem(this.storageKey, JSON.stringify([...this.pending.values()]));
      this.isSafe = true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.isSafe = false;
    }
  }

  private leftOver(): Pending[] {
    try {
      const items = JSON.parse(this.storage.getItem(this.storageKey) ?? '[]') as Pending[];
      return items.map((item) => ({ ...item, unanswered: (item as Partial<Pending>).unanswered ?? [] }));
    } catch {
      return [];
    }
  }
}

/** What a measurement amounts to is worked out after it was drawn, and only while its image is on the screen. */
function newer(before: Annotation, now: Annotation | undefined): Annotation {
  if (!now) return before;
  return now.quantities.length > 0 ? now : { ...now, quantities: before.quantities };
}

/** What a reader drew and wrote, without the values that are worked out from it. */
function drawingOf({ points, contour, text, textAt }: Annotation): string {
  return JSON.stringify([points, contour, text, textAt ?? null]);
}
