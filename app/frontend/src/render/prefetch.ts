/** Fills the cache around the image on display, the nearest first, and forgets the plan when the reader moves. */

import { cache } from '@cornerstonejs/core';
import { isAbort, SignedOutError } from '../dicomweb/errors';
import type { Frame } from '../study/frame';
import { prefetchOrder } from '../study/prefetchOrder';
import type { FrameLoader } from './loader';

/** Browsers open six connections to a host: the image that the reader waits for always finds one free. */
const parallelRequests = 4;
/** Part of the cache that one stack may fill. */
const cacheShare = 0.8;

export interface PrefetchProgress {
  loaded: number;
  failed: number;
  total: number;
}

export class Prefetcher {
  private imageIds: readonly string[] = [];
  private queue: number[] = [];
  private limit = 0;
  private active = new Set<string>();
  private failed = new Set<string>();
  private loaded = new Set<string>();
  private stopped = true;

  constructor(
    private readonly loader: FrameLoader,
    private readonly report: (progress: PrefetchProgress) => void,
    private readonly troubled: (error: unknown) => void,
  ) {}

  start(imageIds: readonly string[], frame: Frame): void {
    this.stop();
    this.imageIds = imageIds;
    this.failed = new Set();
    this.loaded = new Set(imageIds.filter((imageId) => cache.isLoaded(imageId)));
    this.limit = Math.floor((cache.getMaxCacheSize() * cacheShare) / decodedSize(frame));
    this.stopped = false;
    this.tell();
  }

  /** Plans anew around an image; what is already on its way still arrives. */
  moveTo(index: number, direction: 1 | -1): void {
    if (this.stopped) return;
    this.queue = prefetchOrder(index, this.imageIds.length, direction, this.limit);
    this.pump();
  }

  /** An image arrived or failed outside this plan, because the reader asked for it. */
  note(imageId: string, succeeded: boolean): void {
    if (!this.imageIds.includes(imageId)) return;
    if (succeeded) {
      this.loaded.add(imageId);
      this.failed.delete(imageId);
    } else this.failed.add(imageId);
    this.tell();
  }

  /** Begins anew after trouble: what failed is asked for again. */
  resume(index: number): void {
    this.failed = new Set();
    this.stopped = this.imageIds.length === 0;
    this.moveTo(index, 1);
    this.tell();
  }

  stop(): void {
    this.stopped = true;
    this.queue = [];
    for (const imageId of this.active) this.loader.cancel(imageId);
    this.active = new Set();
  }

  private pump(): void {
    while (!this.stopped && this.active.size < parallelRequests) {
      const imageId = this.next();
      if (imageId === undefined) return;
      void this.fetch(imageId);
    }
  }

  private next(): string | undefined {
    for (let index = this.queue.shift(); index !== undefined; index = this.queue.shift()) {
      const imageId = this.imageIds[index];
      if (imageId === undefined || this.active.has(imageId) || this.failed.has(imageId)) continue;
      if (!cache.isLoaded(imageId)) return imageId;
    }
    return undefined;
  }

  private async fetch(imageId: string): Promise<void> {
    this.active.add(imageId);
    try {
      await this.loader.image(imageId);
      this.note(imageId, true);
    } catch (error) {
      if (error instanceof SignedOutError) this.stop();
      if (isAbort(error)) return;
      this.note(imageId, false);
      this.troubled(error);
    } finally {
      this.active.delete(imageId);
      this.pump();
    }
  }

  private tell(): void {
    this.report({ loaded: this.loaded.size, failed: this.failed.size, total: this.imageIds.length });
  }
}

function decodedSize({ pixels }: Frame): number {
  const bytesPerSample = pixels.bitsAllocated > 8 ? 2 : 1;
  const samples = pixels.palette ? 3 : pixels.samplesPerPixel;
  return pixels.rows * pixels.columns * samples * bytesPerSample;
}
