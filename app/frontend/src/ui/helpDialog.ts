/** The list of keyboard shortcuts and mouse movements. */

import { element } from './dom';
import { icon } from './icons';
import { keyLabel, type Command } from './shortcuts';

const storageKey = 'noctis.viewer.singleKeys';

const mouse: readonly (readonly [string, string])[] = [
  ['Wheel', 'Previous or next image'],
  ['Left button, one finger', 'Chosen tool'],
  ['Right button, two fingers', 'Zoom'],
  ['Middle button', 'Pan'],
  ['Ctrl and wheel', 'Zoom'],
];

export class HelpDialog {
  readonly element: HTMLDialogElement;
  private readonly columns = element('div', { class: 'viewer-help-columns' });
  private readonly singleKeysBox = element('input', { type: 'checkbox', id: 'viewer-single-keys' });

  constructor() {
    const closeButton = element(
      'button',
      { type: 'button', class: 'viewer-button', 'aria-label': 'Close' },
      icon('close'),
    );
    closeButton.addEventListener('click', () => {
      this.element.close();
    });
    this.element = element(
      'dialog',
      { class: 'viewer-dialog', 'aria-labelledby': 'viewer-help-title' },
      element(
        'header',
        { class: 'viewer-dialog-head' },
        element('h2', { id: 'viewer-help-title' }, 'Keyboard and mouse'),
        closeButton,
      ),
      this.columns,
      element(
        'p',
        { class: 'viewer-help-option' },
        this.singleKeysBox,
        element('label', { for: 'viewer-single-keys' }, 'Single letters and digits work as shortcuts'),
      ),
    );
    this.singleKeysBox.checked = this.singleKeys;
    this.singleKeysBox.addEventListener('change', () => {
      localStorage.setItem(storageKey, this.singleKeysBox.checked ? 'on' : 'off');
    });
  }

  use(commands: readonly Command[]): void {
    this.columns.replaceChildren(...groups(commands), mouseTable());
  }

  get singleKeys(): boolean {
    return localStorage.getItem(storageKey) !== 'off';
  }

  open(): void {
    if (!this.element.open) this.element.showModal();
  }
}

function groups(commands: readonly Command[]): HTMLElement[] {
  const names = [...new Set(commands.map(({ group }) => group))];
  return names.map((name) =>
    table(
      name,
      commands
        .filter(({ group, keys }) => group === name && keys.length > 0)
        .map(({ keys, label }) => [keys.map(keyLabel), label]),
    ),
  );
}

function mouseTable(): HTMLElement {
  return table(
    'Mouse and touch',
    mouse.map(([movement, effect]) => [[movement], effect]),
  );
}

function table(title: string, rows: readonly (readonly [readonly string[], string])[]): HTMLElement {
  const body = rows.map(([keys, label]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, ...keys.map((key) => element('kbd', {}, key))),
      element('td', {}, label),
    ),
  );
  return element(
    'table',
    { class: 'viewer-help-table' },
    element('caption', {}, title),
    element('tbody', {}, ...body),
  );
}
