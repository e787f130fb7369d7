/** Which series and part is on display, and how its images come in. */

import { isAbort } from '../dicomweb/errors';
import type { Rendering } from '../render/engine';
import { Prefetcher, type PrefetchProgress } from '../render/prefetch';
import type { StackView } from '../render/stackView';
import type { DisplaySet, ImageSet } from '../study/displaySets';
import type { StudyData } from './studyData';

export interface SeriesReaderEvents {
  opening(seriesUid: string): void;
  opened(seriesUid: string, sets: readonly DisplaySet[], shown: DisplaySet | undefined): void;
  failed(seriesUid: string, error: unknown): void;
  progressed(seriesUid: string, progress: PrefetchProgress): void;
  /** An image that nobody waits for yet could not be loaded. */
  troubled(error: unknown): void;
}

export class SeriesReader {
  private seriesUid: string | undefined;
  private shown: ImageSet | undefined;
  private view: StackView | undefined;
  private readonly prefetcher: Prefetcher;
  /** Where the reader was in each stack. */
  private readonly places = new Map<string, number>();

  constructor(
    private readonly data: StudyData,
    rendering: Rendering,
    private readonly events: SeriesReaderEvents,
  ) {
    this.prefetcher = new Prefetcher(
      rendering.prefetch,
      (progress) => {
        if (this.shown) events.progressed(this.shown.seriesUid, progress);
      },
      (error) => events.troubled(error),
    );
  }

  /** The viewport and the reader need each other; the viewport is made second. */
  use(view: StackView): void {
    this.view = view;
  }

  get current(): string | undefined {
    return this.seriesUid;
  }

  async open(seriesUid: string, partId?: string): Promise<void> {
    this.leave();
    this.seriesUid = seriesUid;
    this.events.opening(seriesUid);
    try {
      const sets = await this.data.displaySets(seriesUid);
      if (this.seriesUid === seriesUid) this.show(seriesUid, sets, partId);
    } catch (error) {
      if (this.seriesUid === seriesUid && !isAbort(error)) this.events.failed(seriesUid, error);
    }
  }

  step(delta: 1 | -1): void {
    const next = this.data.beside(this.seriesUid, delta);
    if (next) void this.open(next.uid);
  }

  moved(index: number, direction: 1 | -1): void {
    if (this.shown) this.places.set(this.shown.id, index);
    this.prefetcher.moveTo(index, direction);
  }

  /** The neighbours are loaded only after the image that the reader waits for. */
  settled(imageId: string, error: unknown): void {
    this.prefetcher.note(imageId, error);
    if (this.view) this.prefetcher.moveTo(this.view.current.target, 1);
  }

  /** Its images come before those of other panes. */
  favour(): void {
    this.prefetcher.favour();
  }

  /** Goes on where a lost connection or an ended session stopped it. */
  resume(): void {
    if (!this.view || !this.shown) return;
    if (this.view.current.phase === 'error') this.view.retry();
    this.prefetcher.resume(this.view.current.target);
  }

  /** Stops loading for good. */
  close(): void {
    this.seriesUid = undefined;
    this.leave();
  }

  private leave(): void {
    this.prefetcher.stop();
    this.shown = undefined;
    this.view?.close();
  }

  private show(seriesUid: string, sets: readonly DisplaySet[], partId: string | undefined): void {
    const shown = sets.find(({ id }) => id === partId) ?? sets[0];
    if (shown?.kind === 'images' && this.view) {
      this.shown = shown;
      this.view.open(shown, this.places.get(shown.id) ?? 0);
      const [first] = shown.frames;
      if (first) this.prefetcher.start(this.view.ids, first);
    }
    this.events.opened(seriesUid, sets, shown);
  }
}
