/** Words, letters and the scale bar over the image. */

import type { ScaleBar } from '../study/calibration';
import type { EdgeLetters } from '../study/orientation';
import type { Corners } from '../study/overlayText';
import { element, setText } from './dom';

const corners = ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'] as const;
const edges = ['left', 'right', 'top', 'bottom'] as const;

export interface OverlayContent {
  corners: Corners | undefined;
  letters: EdgeLetters | undefined;
  scale: ScaleBar | undefined;
}

export class Overlays {
  readonly element = element('div', { class: 'viewer-overlays' });
  private readonly cornerElements = corners.map((corner) =>
    element('div', { class: 'viewer-corner', 'data-corner': corner }),
  );
  private readonly letterElements = edges.map((edge) =>
    element('span', { class: 'viewer-letter', 'data-edge': edge }),
  );
  private readonly bar = element('div', { class: 'viewer-scale-bar' });
  private readonly barLabel = element('span', { class: 'viewer-scale-label' });
  private readonly scale = element('div', { class: 'viewer-scale' }, this.barLabel, this.bar);

  constructor() {
    this.element.append(...this.cornerElements, ...this.letterElements, this.scale);
  }

  set visible(visible: boolean) {
    this.element.hidden = !visible;
  }

  show({ corners: words, letters, scale }: OverlayContent): void {
    corners.forEach((corner, position) => {
      showLines(this.cornerElements[position], words?.[corner] ?? []);
    });
    edges.forEach((edge, position) => {
      const target = this.letterElements[position];
      if (target) setText(target, letters?.[edge] ?? '');
    });
    this.scale.hidden = scale === undefined;
    if (!scale) return;
    setText(this.barLabel, scale.label);
    this.bar.style.width = `${scale.pixels.toFixed(1)}px`;
  }
}

/** Rewrites only the lines that changed: this runs for each image of a fast scroll. */
function showLines(target: HTMLElement | undefined, lines: readonly string[]): void {
  if (!target) return;
  while (target.childElementCount > lines.length) target.lastElementChild?.remove();
  lines.forEach((line, index) => {
    const existing = target.children[index];
    if (existing) setText(existing, line);
    else target.append(element('div', {}, line));
  });
}
