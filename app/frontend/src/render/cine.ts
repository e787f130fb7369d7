/** Plays a stack at a steady rate, waiting for images rather than skipping them. */

import { cineRates } from '../study/preferences';

export interface CineTarget {
  count(): number;
  index(): number;
  isLoaded(index: number): boolean;
  goTo(index: number): void;
}

export class Cine {
  private timer: number | undefined;
  private dueAt = 0;
  private framesPerSecond = cineRates.usual;

  constructor(
    private readonly target: CineTarget,
    private readonly changed: () => void,
  ) {}

  get isPlaying(): boolean {
    return this.timer !== undefined;
  }

  get rate(): number {
    return this.framesPerSecond;
  }

  set rate(framesPerSecond: number) {
    this.framesPerSecond = Math.min(cineRates.most, Math.max(cineRates.least, framesPerSecond));
    this.changed();
  }

  play(): void {
    if (this.isPlaying || this.target.count() < 2) return;
    this.dueAt = performance.now() + this.interval;
    this.timer = requestAnimationFrame(this.tick);
    this.changed();
  }

  stop(): void {
    if (this.timer === undefined) return;
    cancelAnimationFrame(this.timer);
    this.timer = undefined;
    this.changed();
  }

  private get interval(): number {
    return 1000 / this.framesPerSecond;
  }

  private readonly tick = (now: number): void => {
    this.timer = requestAnimationFrame(this.tick);
    const next = (this.target.index() + 1) % Math.max(1, this.target.count());
    if (now < this.dueAt || !this.target.isLoaded(next)) return;
    this.target.goTo(next);
    // Time lost to waiting is not caught up in a rush.
    this.dueAt = Math.max(this.dueAt + this.interval, now);
  };
}
