/** The worklist by keyboard. The focus itself moves from row to row, so a screen reader follows. */

import { openDialog } from '../dialogs';
import type { Changes } from './changes';
import { currentKey, names } from './rows';
import type { Selection } from './selection';

const TYPING = 'input:not([type=checkbox]), textarea, select, [contenteditable]';
const PRIORITIES = new Map([
  ['1', 'stat'],
  ['2', 'urgent'],
  ['3', 'routine'],
]);

export interface Deeds {
  selection: Selection;
  changes: Changes;
}

export function startKeyboard(deeds: Deeds): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.target instanceof Element && event.target.closest('details.menu[open]')) return;
    const search = document.querySelector<HTMLInputElement>('#id_text');
    const handled =
      event.target instanceof Element && event.target.matches(TYPING)
        ? leaveSearch(event, search)
        : act(event, search) || change(event.key, deeds) || select(event, deeds.selection);
    if (handled) event.preventDefault();
  });
}

function leaveSearch(event: KeyboardEvent, search: HTMLInputElement | null): boolean {
  if (event.target !== search) return false;
  if (event.key === 'ArrowDown') return focusRow(0);
  if (event.key !== 'Escape' || search?.value !== '') return false; // the first Escape empties the field
  search.blur();
  return true;
}

function act(event: KeyboardEvent, search: HTMLInputElement | null): boolean {
  if (event.shiftKey && event.key !== '?') return false;
  switch (event.key) {
    case '/':
      search?.focus();
      search?.select();
      return true;
    case 'j':
    case 'ArrowDown':
      return step(1);
    case 'k':
    case 'ArrowUp':
      return step(-1);
    case 'n':
      return press('[data-pager=next]');
    case 'p':
      return press('[data-pager=previous]');
    case 's':
      return send();
    case 'g':
      return press('.next-study');
    case 'v':
      return openViews();
    case '?':
      openDialog('shortcuts');
      return true;
    default:
      return false;
  }
}

/** Acts on the selected rows, or else on the row of the focus. */
function change(key: string, { changes }: Deeds): boolean {
  const urgency = PRIORITIES.get(key);
  const name = urgency ? 'priority' : { c: 'claim', r: 'release' }[key];
  if (name && changes.may(name)) void changes.make(name, urgency);
  else if (key === 'a') return changes.chooseReader();
  else if (key === 'z' && changes.may('priority')) void changes.undo();
  else return false;
  return true;
}

function select(event: KeyboardEvent, selection: Selection): boolean {
  const by = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[event.key.toLowerCase()];
  const before = currentKey();
  if (event.shiftKey && by !== undefined) {
    if (before !== undefined && selection.selected.length === 0) selection.toggle(before);
    step(by);
    const key = currentKey();
    if (key !== undefined) selection.extendTo(key);
    return true;
  }
  if (event.key === 'Escape' && selection.selected.length > 0) selection.clear();
  else if (event.key === 'x' && before !== undefined) selection.toggle(before);
  else return false;
  return true;
}

function step(by: number): boolean {
  const current = document.activeElement?.closest('[data-task]');
  const position = names().findIndex((name) => current?.contains(name));
  return focusRow(position < 0 ? 0 : position + by);
}

function focusRow(position: number): boolean {
  const all = names();
  const link = all[Math.min(Math.max(position, 0), all.length - 1)];
  link?.focus({ preventScroll: true });
  link?.closest('[data-task]')?.scrollIntoView({ block: 'nearest' });
  return link !== undefined;
}

/** Asks where to send the study of the focused row. */
function send(): boolean {
  const link = document.activeElement?.closest('[data-task]')?.querySelector<HTMLElement>('.row-send');
  link?.click();
  return link instanceof HTMLElement;
}

function press(selector: string): boolean {
  const link = document.querySelector<HTMLElement>(selector);
  link?.click();
  return link !== null;
}

/** Opens the menu of saved filters and columns at its first entry. */
function openViews(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>('.view-menu');
  if (!menu) return false;
  menu.open = true;
  menu.querySelector<HTMLElement>('.menu-item')?.focus();
  return true;
}
