/**
 * The image's place on the page.
 *
 * The element with class `viewer-viewport` tells by its attributes what is on the screen:
 *
 * | attribute | value |
 * | --- | --- |
 * | `data-state` | `empty`, `loading` (the image asked for is on its way), `ready` or `error` |
 * | `data-series-uid` | series on display |
 * | `data-image-index`, `data-image-count` | image on the screen, counted from 0, and how many there are |
 * | `data-target-index` | image that was asked for |
 * | `data-sop-instance-uid`, `data-frame` | instance and frame (from 1) on the screen |
 * | `data-window-center`, `data-window-width` | window in modality units |
 * | `data-zoom` | size relative to the image fitted into the viewport |
 * | `data-pan` | how far it was moved, in thousandths of the viewport's width and height, as `x,y` |
 * | `data-rotation` | 0, 90, 180 or 270 degrees clockwise |
 * | `data-flip-horizontal`, `data-flip-vertical`, `data-inverted` | `true` or `false` |
 * | `data-loaded-count` | images of the stack in the cache |
 * | `data-renderer` | `gpu` or `cpu` |
 */

import type { ViewState } from '../render/viewState';
import { element, setAttribute } from './dom';

export class Stage {
  readonly element: HTMLElement;
  /** Where the library puts its canvas. */
  readonly canvasHost = element('div', { class: 'viewer-canvas' });
  private readonly busy = element('div', { class: 'viewer-busy', 'aria-hidden': 'true' });
  /** The element that tells what is on the screen, and holds the layers over it. */
  readonly viewport: HTMLElement;

  constructor(...layers: HTMLElement[]) {
    this.viewport = element(
      'div',
      { class: 'viewer-viewport', 'data-state': 'empty', tabindex: 0, role: 'group', 'aria-label': 'Image' },
      this.canvasHost,
      this.busy,
      ...layers,
    );
    this.element = element(
      'section',
      { class: 'viewer-stage', 'aria-label': 'Image display' },
      this.viewport,
    );
  }

  append(...children: HTMLElement[]): void {
    this.element.append(...children);
  }

  showRenderer(name: 'gpu' | 'cpu'): void {
    setAttribute(this.viewport, 'data-renderer', name);
  }

  showLoaded(count: number): void {
    setAttribute(this.viewport, 'data-loaded-count', count);
  }

  show(state: ViewState): void {
    const { frame, window } = state;
    const attributes = {
      state: state.phase,
      'series-uid': frame?.seriesUid,
      'image-index': state.index,
      'image-count': state.count,
      'target-index': state.target,
      'sop-instance-uid': frame?.sopInstanceUid,
      frame: frame?.frameNumber,
      'window-center': window && rounded(window.center),
      'window-width': window && rounded(window.width),
      zoom: rounded(state.zoom),
      pan: state.pan.map((part) => Math.round(part * 1000) || 0).join(','),
      rotation: state.rotation,
      'flip-horizontal': String(state.flippedHorizontally),
      'flip-vertical': String(state.flippedVertically),
      inverted: String(state.inverted),
    };
    for (const [name, value] of Object.entries(attributes))
      setAttribute(this.viewport, `data-${name}`, value);
    setAttribute(this.viewport, 'aria-busy', String(state.phase === 'loading'));
    setAttribute(this.viewport, 'aria-label', label(state));
  }
}

function label({ index, count, frame }: ViewState): string {
  return index === undefined || !frame ? 'Image' : `${frame.modality} image ${index + 1} of ${count}`;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
