/** What is done with the selected rows, or else with the row that is pointed at: claim, assign, priority, and undo. */

import htmx from 'htmx.org';
import { showToast } from '../toasts';
import { currentKey, results } from './rows';
import type { Selection } from './selection';

export class Changes {
  private lastUndo = '';

  constructor(
    private readonly page: HTMLElement,
    private readonly selection: Selection,
  ) {}

  start(): void {
    this.page.addEventListener('click', (event) => {
      const button = event.target instanceof Element && event.target.closest<HTMLElement>('[data-change]');
      if (!button || button === this.page) return;
      button.closest('details')?.removeAttribute('open');
      void this.make(button.dataset.change ?? '', button.dataset.value ?? '');
    });
    document.body.addEventListener('noctis:toast', (event) => {
      const undo = event instanceof CustomEvent ? (event.detail as { undo?: string }).undo : undefined;
      if (undo) this.lastUndo = undo;
    });
    document.body.addEventListener('noctis:undo', () => void this.undo());
  }

  /** Whether this user may do such a thing at all: its button is there. */
  may(name: string): boolean {
    return results().querySelector(`[data-change="${name}"]`) !== null;
  }

  async make(name: string, value = ''): Promise<void> {
    const keys = this.keys();
    if (keys.length === 0) return;
    const values = this.values();
    values.append('change', name);
    values.append('value', value);
    for (const key of keys) values.append('row', key.toString());
    await this.post(this.page.dataset.change ?? '', values);
  }

  async undo(): Promise<void> {
    if (!this.lastUndo) {
      showToast('There is nothing to undo.');
      return;
    }
    const values = this.values();
    values.append('token', this.lastUndo);
    this.lastUndo = '';
    await this.post(this.page.dataset.undo ?? '', values);
  }

  /** Opens the list of radiologists for the selected rows. */
  chooseReader(): boolean {
    const menu = results().querySelector<HTMLDetailsElement>('.assign-menu');
    const key = currentKey();
    if (!menu || this.keys().length === 0) return false;
    if (this.selection.selected.length === 0 && key !== undefined) this.selection.add([key]);
    menu.open = true;
    menu.querySelector<HTMLElement>('.menu-item')?.focus();
    return true;
  }

  private keys(): number[] {
    const { selected } = this.selection;
    const key = currentKey();
    if (selected.length > 0) return selected;
    return key === undefined ? [] : [key];
  }

  private values(): FormData {
    const values = new FormData();
    const token = document.querySelector<HTMLInputElement>('#worklist-filter [name=csrfmiddlewaretoken]');
    values.append('csrfmiddlewaretoken', token?.value ?? '');
    return values;
  }

  private async post(address: string, values: FormData): Promise<void> {
    const source = document.getElementById('worklist-filter') ?? this.page;
    await htmx.ajax('post', address, { source, target: '#arrivals', swap: 'none', values });
  }
}
