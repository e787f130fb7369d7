/** The keys of all commands, to be changed by pressing the wanted one. */

import { findCommands } from './commandSearch';
import { element, setText } from './dom';
import { keyLabel, pressedKey, type Command } from './shortcuts';

export interface KeyEditorEvents {
  commands(): readonly Command[];
  isOwn(id: string): boolean;
  assign(id: string, key: string): void;
  restore(id: string): void;
}

/** Keys that have a meaning of their own in a browser or a dialog. */
const unusable = new Set([
  'Tab',
  'Shift',
  'Control',
  'Alt',
  'AltGraph',
  'Meta',
  'CapsLock',
  'Dead',
  'Process',
  'F5',
  'F12',
]);

export class KeyEditor {
  readonly element: HTMLElement;
  private readonly search = element('input', {
    type: 'text',
    class: 'viewer-input viewer-key-search',
    placeholder: 'Find a command',
    'aria-label': 'Find a command',
    autocomplete: 'off',
  });
  private readonly list = element('ul', { class: 'viewer-key-list' });
  private readonly hint = element('p', { class: 'viewer-key-hint', role: 'status' });

  constructor(private readonly events: KeyEditorEvents) {
    this.search.addEventListener('input', () => this.show());
    this.element = element('div', {}, this.search, this.list, this.hint);
  }

  show(): void {
    const focused = this.list.querySelector<HTMLElement>(':focus')?.dataset.command;
    const found = findCommands(this.events.commands(), this.search.value);
    this.list.replaceChildren(...found.map((command) => this.row(command)));
    if (focused !== undefined)
      this.list.querySelector<HTMLElement>(`[data-command="${CSS.escape(focused)}"]`)?.focus();
  }

  private row(command: Command): HTMLElement {
    const { id, label, keys } = command;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-key',
        'data-command': id,
        'aria-label': `Key of ${label}: ${keys.map(keyLabel).join(', ') || 'none'}. Change`,
      },
      ...(keys.length > 0 ? keys.map((key) => element('kbd', {}, keyLabel(key))) : ['–']),
    );
    button.addEventListener('click', () => this.listen(button, command));
    const restore = element(
      'button',
      { type: 'button', class: 'viewer-button viewer-key-restore', 'aria-label': `Default key of ${label}` },
      'Default',
    );
    restore.hidden = !this.events.isOwn(id);
    restore.addEventListener('click', () => this.events.restore(id));
    return element('li', {}, element('span', {}, label), restore, button);
  }

  /** The next key that is pressed becomes the command's; Escape or a click elsewhere leaves it. */
  private listen(button: HTMLElement, command: Command): void {
    button.replaceChildren('Press a key …');
    setText(this.hint, `Press the key for “${command.label}”, or Escape.`);
    const stop = new AbortController();
    const finish = (): void => {
      stop.abort();
      setText(this.hint, '');
      this.show();
    };
    const take = (event: KeyboardEvent): void => {
      if (unusable.has(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const key = pressedKey(event);
      const holder = this.events.commands().find(({ id, keys }) => id !== command.id && keys.includes(key));
      finish();
      if (event.key === 'Escape') return;
      this.events.assign(command.id, key);
      if (holder)
        setText(this.hint, `${keyLabel(key)} was the key of “${holder.label}”, which has it no more.`);
    };
    addEventListener('keydown', take, { capture: true, signal: stop.signal });
    button.addEventListener('blur', finish, { signal: stop.signal });
  }
}
