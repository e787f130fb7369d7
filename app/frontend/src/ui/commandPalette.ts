/** Every command of the viewer with its keys, found by typing and run by Enter or a click. */

import { findCommands } from './commandSearch';
import { element, setAttribute } from './dom';
import { icon } from './icons';
import { isUsable, keyLabel, labelOf, type Command } from './shortcuts';

export interface PaletteEvents {
  commands(): readonly Command[];
  /** What the mouse and fingers do, as movement and effect. */
  movements(): readonly (readonly [string, string])[];
  openPreferences(): void;
}

export class CommandPalette {
  readonly element: HTMLDialogElement;
  private readonly input = element('input', {
    type: 'text',
    class: 'viewer-input viewer-palette-input',
    placeholder: 'Type to find a command',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Find a command',
    'aria-expanded': 'true',
    'aria-controls': 'viewer-commands',
    'aria-autocomplete': 'list',
  });
  private readonly list = element('ul', {
    class: 'viewer-commands',
    id: 'viewer-commands',
    role: 'listbox',
    'aria-label': 'Commands',
  });
  private readonly mouse = element('div', { class: 'viewer-movements' });
  private commands: readonly Command[] = [];
  private found: readonly Command[] = [];
  private chosen = 0;
  private events: PaletteEvents | undefined;

  constructor() {
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-command-palette', 'aria-label': 'Keyboard and mouse' },
      element('div', { class: 'viewer-palette-head' }, this.input, this.closeButton()),
      this.list,
      element('footer', { class: 'viewer-palette-foot' }, this.mouse, this.preferencesButton()),
    );
    this.input.addEventListener('input', () => this.find());
    this.input.addEventListener('keydown', (event) => this.handleKey(event));
    this.list.addEventListener('click', (event) => this.handleClick(event));
  }

  use(events: PaletteEvents): void {
    this.events = events;
  }

  open(): void {
    if (this.element.open) return;
    this.input.value = '';
    this.commands = (this.events?.commands() ?? []).filter(({ isOffered }) => isOffered?.() !== false);
    const movements = this.events?.movements() ?? [];
    this.mouse.replaceChildren(
      ...movements.map(([movement, effect]) =>
        element('span', {}, element('kbd', {}, movement), ` ${effect}`),
      ),
    );
    this.element.showModal();
    this.find();
    this.input.focus();
  }

  private find(): void {
    this.found = findCommands(this.commands, this.input.value);
    const isSearch = this.input.value.trim() !== '';
    let group: string | undefined;
    const rows = this.found.flatMap((command, index) => {
      const heading = !isSearch && command.group !== group ? [groupHeading(command.group)] : [];
      group = command.group;
      return [...heading, commandRow(command, index, isSearch)];
    });
    const nothing = element(
      'li',
      { class: 'viewer-commands-none', role: 'presentation' },
      'No command is called that.',
    );
    this.list.replaceChildren(...(rows.length > 0 ? rows : [nothing]));
    this.list.scrollTop = 0;
    this.choose(0);
  }

  private choose(index: number): void {
    const options = [...this.list.querySelectorAll<HTMLElement>('[role=option]')];
    this.chosen = Math.max(0, Math.min(index, options.length - 1));
    options.forEach((option, position) =>
      setAttribute(option, 'aria-selected', String(position === this.chosen)),
    );
    const option = options[this.chosen];
    setAttribute(this.input, 'aria-activedescendant', option?.id);
    option?.scrollIntoView({ block: 'nearest' });
  }

  private handleKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) this.choose(this.chosen + step);
    else if (event.key === 'Enter') this.run(this.found[this.chosen]);
    else return;
    event.preventDefault();
  }

  private handleClick(event: MouseEvent): void {
    const option = event.target instanceof Element ? event.target.closest('[role=option]') : null;
    if (option) this.run(this.found[Number(option.getAttribute('data-index'))]);
  }

  /** What cannot be used now stays in the list, greyed, and does nothing. */
  private run(command: Command | undefined): void {
    if (!command || !isUsable(command)) return;
    this.element.close();
    command.run();
  }

  private closeButton(): HTMLElement {
    const attributes = { type: 'button', class: 'viewer-button', 'aria-label': 'Close' };
    const button = element('button', attributes, icon('close'));
    button.addEventListener('click', () => this.element.close());
    return button;
  }

  private preferencesButton(): HTMLElement {
    const attributes = { type: 'button', class: 'viewer-button viewer-palette-preferences' };
    const button = element('button', attributes, icon('preferences', 16), 'Preferences');
    button.addEventListener('click', () => {
      this.element.close();
      this.events?.openPreferences();
    });
    return button;
  }
}

function groupHeading(group: string): HTMLElement {
  return element('li', { class: 'viewer-commands-group', role: 'presentation' }, group);
}

function commandRow(command: Command, index: number, showsGroup: boolean): HTMLElement {
  return element(
    'li',
    {
      class: 'viewer-command',
      role: 'option',
      id: `viewer-command-${command.id}`,
      'data-index': index,
      'aria-disabled': !isUsable(command) && 'true',
    },
    element('span', { class: 'viewer-command-label' }, labelOf(command)),
    showsGroup && element('span', { class: 'viewer-command-group' }, command.group),
    element(
      'span',
      { class: 'viewer-command-keys' },
      ...command.keys.map((key) => element('kbd', {}, keyLabel(key))),
    ),
  );
}
