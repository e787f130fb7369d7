/** Fills the cache around the image on display of one stack, the nearest first, and plans anew when the reader moves. */

import { cache } from '@cornerstonejs/core';
import { SignedOutError } from '../dicomweb/errors';
import type { Frame } from '../study/frame';
import { prefetchOrder } from '../study/prefetchOrder';
import type { PoolMember, PrefetchPool } from './prefetchPool';

/** Each report is drawn: more of them than the eye follows would cost time that images need. */
const reportIntervalMs = 150;

export interface PrefetchProgress {
  loaded: number;
  failed: number;
  total: number;
}

export class Prefetcher implements PoolMember {
  imageIds: readonly string[] = [];
  order: number[] = [];
  displayed: string | undefined;
  private bytesPerImage = 0;
  private failed = new Set<string>();
  private isPaused = false;
  private report: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly pool: PrefetchPool,
    private readonly progressed: (progress: PrefetchProgress) => void,
    private readonly troubled: (error: unknown) => void,
  ) {}

  start(imageIds: readonly string[], frame: Frame): void {
    this.stop();
    this.imageIds = imageIds;
    this.bytesPerImage = decodedSize(frame);
    this.pool.join(this);
    this.tell();
  }

  /** Plans anew around an image; what is already on its way still arrives. */
  moveTo(index: number, direction: 1 | -1): void {
    if (this.isPaused || this.imageIds.length === 0) return;
    this.displayed = this.imageIds[index];
    const nearest = prefetchOrder(
      index,
      this.imageIds.length,
      direction,
      this.pool.limit(this.bytesPerImage),
    );
    this.order = nearest.filter((each) => !this.failed.has(this.imageIds[each] ?? ''));
    this.pool.pump();
  }

  /** An image arrived or failed that the reader asked for. */
  note(imageId: string, error: unknown): void {
    if (error === undefined) this.failed.delete(imageId);
    else this.failed.add(imageId);
    if (error instanceof SignedOutError) this.pause();
    this.report ??= setTimeout(() => this.tell(), reportIntervalMs);
  }

  /** An image arrived or failed that was asked for ahead. */
  settled(imageId: string, error: unknown): void {
    this.note(imageId, error);
    if (error !== undefined) this.troubled(error);
  }

  /** The reader works in this stack. */
  favour(): void {
    this.pool.favour(this);
  }

  /** Begins anew after trouble: what failed is asked for again. */
  resume(index: number): void {
    this.failed = new Set();
    this.isPaused = false;
    if (this.imageIds.length > 0) this.pool.join(this);
    this.moveTo(index, 1);
    this.tell();
  }

  stop(): void {
    this.pause();
    this.isPaused = false;
    this.imageIds = [];
    this.displayed = undefined;
    this.failed = new Set();
    clearTimeout(this.report);
    this.report = undefined;
  }

  private pause(): void {
    this.isPaused = true;
    this.order = [];
    this.pool.leave(this);
  }

  private tell(): void {
    clearTimeout(this.report);
    this.report = undefined;
    const loaded = this.imageIds.filter((imageId) => cache.isLoaded(imageId)).length;
    this.progressed({ loaded, failed: this.failed.size, total: this.imageIds.length });
  }
}

function decodedSize({ pixels }: Frame): number {
  const bytesPerSample = pixels.bitsAllocated > 8 ? 2 : 1;
  const samples = pixels.palette ? 3 : pixels.samplesPerPixel;
  return pixels.rows * pixels.columns * samples * bytesPerSample;
}
