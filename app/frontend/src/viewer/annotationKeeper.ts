/** Keeps annotations on the server as they are drawn, and what could not be sent until it can. */

import { HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Annotation, SavedAnnotation } from '../study/annotation';
import { ConflictError, type AnnotationsClient } from './annotationsClient';

export type SavingState = 'saved' | 'saving' | 'waiting' | 'signedOut';

export interface KeeperEvents {
  stateChanged(state: SavingState): void;
  /** The server's own version won; undefined where it was removed. */
  overruled(uid: string, current: SavedAnnotation | undefined): void;
  /** The server does not take it, now or ever. */
  refused(uid: string): void;
  saved(annotation: SavedAnnotation): void;
  removed(uid: string): void;
}

/** What is to be told the server of one annotation; undefined stands for its removal. */
interface Pending {
  uid: string;
  annotation: Annotation | undefined;
  version: number;
}

/** A drag changes an annotation many times a second. */
const settleMs = 500;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

export class AnnotationKeeper {
  private readonly pending = new Map<string, Pending>();
  private readonly versions = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = firstRetryMs;
  private isSending = false;

  constructor(
    private readonly client: Pick<AnnotationsClient, 'save' | 'remove'>,
    private readonly read: (uid: string) => Annotation | undefined,
    private readonly events: KeeperEvents,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    private readonly storageKey: string,
  ) {}

  /** Takes over what the server has; returns what could not be sent before the page was left. */
  adopt(saved: readonly SavedAnnotation[]): readonly Pending[] {
    for (const { uid, version } of saved) this.versions.set(uid, version);
    const left = this.leftOver();
    for (const item of left) this.pending.set(item.uid, item);
    if (left.length > 0) this.schedule(0);
    return left;
  }

  get isSaved(): boolean {
    return this.pending.size === 0;
  }

  changed(uid: string): void {
    const annotation = this.read(uid);
    if (annotation) this.put({ uid, annotation, version: this.versions.get(uid) ?? 0 });
  }

  removed(uid: string): void {
    const version = this.versions.get(uid) ?? 0;
    this.put({ uid, annotation: undefined, version });
  }

  /** Sends at once what waits, such as when the connection is back. */
  flush(): void {
    if (this.pending.size > 0) this.schedule(0);
  }

  private put(item: Pending): void {
    this.pending.set(item.uid, item);
    this.remember();
    this.events.stateChanged('saving');
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
      for (const item of [...this.pending.values()]) await this.sendOne(item);
      this.retryMs = firstRetryMs;
      this.events.stateChanged(this.isSaved ? 'saved' : 'saving');
      if (!this.isSaved) this.schedule(settleMs);
    } catch (error) {
      this.events.stateChanged(error instanceof SignedOutError ? 'signedOut' : 'waiting');
      this.schedule(this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, longestRetryMs);
    } finally {
      this.isSending = false;
      this.remember();
    }
  }

  private async sendOne(item: Pending): Promise<void> {
    const { uid } = item;
    if (item.annotation) item.annotation = newer(item.annotation, this.read(uid));
    const { annotation } = item;
    const version = this.versions.get(uid) ?? item.version;
    try {
      if (annotation) {
        const saved = await this.client.save(annotation, version);
        this.versions.set(uid, saved.version);
        this.events.saved(saved);
      } else {
        if (version > 0) await this.client.remove(uid, version);
        this.versions.set(uid, 0);
        this.events.removed(uid);
      }
    } catch (error) {
      if (error instanceof ConflictError) {
        this.versions.set(uid, error.current?.version ?? 0);
        this.events.overruled(uid, error.current);
      } else if (isFinal(error)) {
        this.events.refused(uid);
      } else {
        throw error;
      }
    }
    if (this.pending.get(uid) === item) this.pending.delete(uid);
  }

  private remember(): void {
    if (this.pending.size === 0) this.storage.removeItem(this.storageKey);
    else this.storage.setItem(this.storageKey, JSON.stringify([...this.pending.values()]));
  }

  private leftOver(): Pending[] {
    try {
      return JSON.parse(this.storage.getItem(this.storageKey) ?? '[]') as Pending[];
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

function isFinal(error: unknown): boolean {
  return error instanceof NotFoundError || (error instanceof HttpError && !error.isTransient);
}
