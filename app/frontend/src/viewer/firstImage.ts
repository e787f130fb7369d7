/** The moment from which what stands beside the images is asked for: the first image is on the screen. */

import type { ViewState } from '../render/viewState';

/** An image that is not there by then is far away, or there is none. */
const patienceMs = 2000;

export class FirstImage {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOver = false;

  /** Calls ``shown`` once. */
  constructor(private readonly shown: () => void) {}

  /** The list of series is there, and the images are on their way. */
  await(): void {
    this.timer ??= setTimeout(() => this.end(), patienceMs);
  }

  /** A pane shows something else than it did. */
  note({ phase }: Pick<ViewState, 'phase'>): void {
    if (this.isOver || (phase !== 'ready' && phase !== 'error')) return;
    // The browser puts it on the screen before anything else is done.
    requestAnimationFrame(() => setTimeout(() => this.end()));
  }

  /** There is no image to wait for. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.shown();
  }
}
