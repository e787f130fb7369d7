/** The panes of the viewer in rows and columns; the reader works in one of them. */

import { element, setAttribute } from '../ui/dom';
import type { Pane } from './pane';

export const mostRows = 4;
export const mostColumns = 4;

export interface GridEvents {
  make(id: string): Pane;
  made(pane: Pane): void;
  gone(pane: Pane): void;
  activated(pane: Pane): void;
  /** A series was dropped on a pane. */
  dropped(pane: Pane, seriesUid: string): void;
}

/** What a dragged series is known by while it is dragged. */
export const seriesDragType = 'application/x-noctis-series';

export class Grid {
  readonly element: HTMLElement;
  private readonly cells = element('div', { class: 'viewer-grid', role: 'group', 'aria-label': 'Viewports' });
  private all: Pane[] = [];
  private current = 0;
  private made = 0;
  private size = { rows: 0, columns: 0 };

  constructor(private readonly events: GridEvents) {
    this.element = element('div', { class: 'viewer-stage-area' }, this.cells);
  }

  get panes(): readonly Pane[] {
    return this.all;
  }

  get rows(): number {
    return this.size.rows;
  }

  get columns(): number {
    return this.size.columns;
  }

  get active(): Pane {
    const pane = this.all[this.current];
    if (!pane) throw new Error('the grid has no pane yet');
    return pane;
  }

  /** Panes that fit stay as they are, the active one among them; new ones come empty. */
  setLayout(rows: number, columns: number): void {
    const { active } = this.all.length > 0 ? this : { active: undefined };
    const wanted = clamp(rows, mostRows) * clamp(columns, mostColumns);
    this.size = { rows: clamp(rows, mostRows), columns: clamp(columns, mostColumns) };
    if (active && this.current >= wanted) {
      this.all.splice(this.current, 1);
      this.all.unshift(active);
    }
    for (const pane of this.all.splice(wanted)) {
      pane.destroy();
      this.events.gone(pane);
    }
    this.cells.style.setProperty('--rows', String(this.size.rows));
    this.cells.style.setProperty('--columns', String(this.size.columns));
    setAttribute(this.cells, 'data-layout', `${this.size.rows}x${this.size.columns}`);
    const fresh = Array.from({ length: wanted - this.all.length }, () => this.make());
    for (const pane of this.all) this.cells.append(pane.element);
    for (const pane of fresh) this.events.made(pane);
    this.activate(active ?? this.active);
  }

  activate(pane: Pane): void {
    const index = this.all.indexOf(pane);
    if (index < 0) return;
    this.current = index;
    for (const each of this.all) setAttribute(each.element, 'data-active', String(each === pane));
    this.events.activated(pane);
  }

  /** The next pane, or the one before, round the grid. */
  step(delta: 1 | -1): void {
    const next = this.all[(this.current + delta + this.all.length) % this.all.length];
    if (!next) return;
    this.activate(next);
    next.layers.focus({ preventScroll: true });
  }

  get isTakenOver(): boolean {
    return this.cells.hasAttribute('hidden');
  }

  /** Shows something in place of all panes, which keep what they show. */
  takeOver(stage: HTMLElement): void {
    this.cells.hidden = true;
    this.element.replaceChildren(this.cells, stage);
  }

  giveBack(): void {
    this.element.replaceChildren(this.cells);
    this.cells.hidden = false;
  }

  private make(): Pane {
    this.made += 1;
    const pane = this.events.make(`viewport-${this.made}`);
    this.all.push(pane);
    for (const kind of ['pointerdown', 'focusin']) {
      pane.element.addEventListener(kind, () => this.activateOther(pane), { capture: true });
    }
    this.takeDrops(pane);
    return pane;
  }

  private activateOther(pane: Pane): void {
    if (this.active !== pane) this.activate(pane);
  }

  private takeDrops(pane: Pane): void {
    const { element: target } = pane;
    target.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes(seriesDragType)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      setAttribute(target, 'data-drop', true);
    });
    target.addEventListener('dragleave', () => setAttribute(target, 'data-drop', undefined));
    target.addEventListener('drop', (event) => {
      setAttribute(target, 'data-drop', undefined);
      const seriesUid = event.dataTransfer?.getData(seriesDragType);
      if (!seriesUid) return;
      event.preventDefault();
      this.events.dropped(pane, seriesUid);
    });
  }
}

function clamp(count: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(count)));
}
