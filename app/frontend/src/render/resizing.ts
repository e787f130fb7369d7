/** Keeps images the size they have relative to their viewports when these change: one that filled its viewport still does. */

import type { RenderingEngine } from '@cornerstonejs/core';

/** Width and height in CSS pixels. */
export type Size = readonly [number, number];

export interface Resizable {
  readonly element: HTMLElement;
  readonly zoom: number;
  resized(zoom: number): void;
}

export class Resizing {
  private readonly views = new Set<Resizable>();
  private readonly observer = new ResizeObserver(() => this.resize());

  constructor(private readonly engine: () => RenderingEngine) {}

  observe(view: Resizable): void {
    this.views.add(view);
    this.observer.observe(view.element);
  }

  unobserve(view: Resizable): void {
    this.views.delete(view);
    this.observer.unobserve(view.element);
  }

  /** The engine resizes all viewports at once, so what they showed is remembered before. */
  private resize(): void {
    const visible = [...this.views].filter(
      ({ element }) => element.clientWidth > 0 && element.clientHeight > 0,
    );
    if (visible.length === 0) return;
    const zooms = visible.map((view) => view.zoom);
    this.engine().resize(true, true);
    visible.forEach((view, position) => view.resized(zooms[position] ?? 1));
  }
}

export function sizeOf({ clientWidth, clientHeight }: HTMLElement): Size {
  return [clientWidth, clientHeight];
}

export function isSameSize(a: Size, b: Size): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
