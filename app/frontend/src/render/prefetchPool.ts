/** The one place that decides what is asked for next: images on display, then their neighbours, then what may come. */

import { cache } from '@cornerstonejs/core';
import { isAbort } from '../dicomweb/errors';
import { LoadQueue, type LoadPlan } from '../study/loadQueue';
import type { FrameLoader } from './loader';

/** With HTTP/1.1 browsers open six connections to a host: what the reader waits for finds one free. */
const parallelRequests = 5;
/** Over one connection of HTTP/2 nothing waits for a free one; more would only fill it up. */
const parallelStreams = 8;
/** Part of the cache that the stacks on display may fill together. */
const cacheShare = 0.8;

/** Between one image and the next there are moments of nothing to do; they are no time to begin something else. */
const quietMs = 300;

/** Work for when nothing else is to be loaded; it may be broken off, and is then begun again. */
export type SpareTask = (signal: AbortSignal) => Promise<void>;

export interface PoolMember extends LoadPlan {
  /** The image on display, which stays in the cache whatever else comes. */
  readonly displayed: string | undefined;
  settled(imageId: string, error: unknown): void;
}

export class PrefetchPool {
  private readonly queue = new LoadQueue();
  private readonly members = new Set<PoolMember>();
  private readonly active = new Set<string>();
  private readonly spare: SpareTask[] = [];
  private spareRun: AbortController | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private readonly parallel = isMultiplexed() ? parallelStreams : parallelRequests;

  constructor(private readonly loader: FrameLoader) {
    loader.whenSettled = () => this.pump();
  }

  /** How many images of a size a stack may plan for. */
  limit(bytesPerImage: number): number {
    const share = (cache.getMaxCacheSize() * cacheShare) / Math.max(1, this.members.size);
    return Math.max(1, Math.floor(share / Math.max(1, bytesPerImage)));
  }

  /** What the images that are kept take of what they may, in bytes. */
  get memory(): { used: number; most: number } {
    return { used: cache.getCacheSize(), most: cache.getMaxCacheSize() };
  }

  join(member: PoolMember): void {
    this.members.add(member);
    this.queue.add(member);
  }

  /** Nothing more is loaded for this stack, and what is under way for it alone is broken off. */
  leave(member: PoolMember): void {
    this.queue.remove(member);
    if (!this.members.delete(member)) return;
    for (const imageId of this.loader.underway) {
      if (member.imageIds.includes(imageId) && !this.queue.holds(imageId)) this.loader.cancel(imageId);
    }
    this.pump();
  }

  /** The reader works in this stack: it gets the larger part of the line. */
  favour(member: PoolMember): void {
    this.queue.favour(member);
  }

  later(task: SpareTask): void {
    this.spare.push(task);
    this.pump();
  }

  pump(): void {
    while (this.loader.underway.length < this.parallel) {
      const imageId = this.queue.next((id) => !this.active.has(id) && !cache.isLoaded(id));
      if (imageId === undefined) break;
      this.spareRun?.abort();
      void this.fetch(imageId);
    }
    clearTimeout(this.quiet);
    if (this.isIdle && this.spare.length > 0) this.quiet = setTimeout(() => void this.runSpare(), quietMs);
  }

  private get isIdle(): boolean {
    return this.members.size > 0 && this.loader.underway.length === 0 && this.active.size === 0;
  }

  private async fetch(imageId: string): Promise<void> {
    this.active.add(imageId);
    this.touchDisplayed();
    try {
      await this.loader.image(imageId);
      this.tell(imageId, undefined);
    } catch (error) {
      if (!isAbort(error)) this.tell(imageId, error);
    } finally {
      this.active.delete(imageId);
      this.pump();
    }
  }

  private tell(imageId: string, error: unknown): void {
    for (const member of this.members) if (member.imageIds.includes(imageId)) member.settled(imageId, error);
  }

  /** The cache gives up what was used least lately; an image that is looked at counts as used now. */
  private touchDisplayed(): void {
    for (const { displayed } of this.members) if (displayed !== undefined) cache.getImage(displayed);
  }

  private async runSpare(): Promise<void> {
    const [task] = this.spare;
    if (!task || this.spareRun || !this.isIdle) return;
    const run = new AbortController();
    this.spareRun = run;
    try {
      await task(run.signal);
    } catch {
      // A failure now is no news: it will be met, and told, when somebody opens what failed.
    } finally {
      this.spareRun = undefined;
      if (!run.signal.aborted) this.spare.shift();
      this.pump();
    }
  }
}

function isMultiplexed(): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return navigation !== undefined && /^h[23]/.test(navigation.nextHopProtocol);
}
