/** Which rows are selected: by key, so that a row keeps being selected when it is shown anew. */

import { results, rowKeys } from './rows';

export class Selection {
  private readonly keys = new Set<number>();
  private anchor: number | undefined;

  /** The selected rows in their sequence on the page. */
  get selected(): number[] {
    return rowKeys().filter((key) => this.keys.has(key));
  }

  has(key: number): boolean {
    return this.keys.has(key);
  }

  toggle(key: number): void {
    if (this.keys.has(key)) this.keys.delete(key);
    else this.keys.add(key);
    this.anchor = key;
    this.show();
  }

  /** Selects everything between the row that was toggled last and this one, as lists do. */
  extendTo(key: number): void {
    const all = rowKeys();
    const from = this.anchor === undefined ? -1 : all.indexOf(this.anchor);
    const to = all.indexOf(key);
    if (from < 0) {
      this.add([key]);
      this.anchor = key;
      return;
    }
    this.add(all.slice(Math.min(from, to), Math.max(from, to) + 1));
  }

  add(keys: number[]): void {
    for (const key of keys) this.keys.add(key);
    this.show();
  }

  clear(): void {
    this.keys.clear();
    this.anchor = undefined;
    this.show();
  }

  /** Brings the page in step: what is shown no more is selected no more. */
  show(): void {
    const shown = new Set(rowKeys());
    for (const key of [...this.keys]) if (!shown.has(key)) this.keys.delete(key);
    for (const row of results().querySelectorAll<HTMLElement>('[data-task]')) {
      const isSelected = this.keys.has(Number(row.dataset.task));
      row.classList.toggle('is-selected', isSelected);
      const box = row.querySelector<HTMLInputElement>('.row-select');
      if (box) box.checked = isSelected;
    }
    showBar(this.keys.size);
    showAllBox(this.keys.size, shown.size);
  }
}

function showBar(count: number): void {
  const bar = results().querySelector<HTMLElement>('[data-selection]');
  if (!bar) return;
  bar.hidden = count === 0;
  const words = bar.querySelector('[data-selection-count]');
  if (words) words.textContent = count.toString();
}

function showAllBox(count: number, all: number): void {
  const box = results().querySelector<HTMLInputElement>('#select-all');
  if (!box) return;
  box.checked = count > 0 && count === all;
  box.indeterminate = count > 0 && count < all;
}

/** Boxes, and a click with Shift for a range. */
export function startSelection(page: HTMLElement, selection: Selection): void {
  page.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.id === 'select-all') {
      if (event.target instanceof HTMLInputElement && event.target.checked) selection.add(rowKeys());
      else selection.clear();
      return;
    }
    if (event.target.closest('[data-selection-clear]')) selection.clear();
    const cell = event.target.closest('.col-select');
    const key = Number(cell?.closest<HTMLElement>('[data-task]')?.dataset.task);
    if (!cell || Number.isNaN(key)) return;
    if (event.shiftKey) selection.extendTo(key);
    else selection.toggle(key);
  });
  document.body.addEventListener('htmx:afterSettle', () => {
    selection.show();
  });
}
