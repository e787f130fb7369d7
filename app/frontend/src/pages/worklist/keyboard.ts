/** The worklist by keyboard. The focus itself moves from row to row, so a screen reader follows. */

import { openDialog } from '../dialogs';
import { links } from './rows';

const TYPING = 'input, textarea, select, [contenteditable]';

export function startKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector('dialog[open]')) return;
    const search = document.querySelector<HTMLInputElement>('#id_text');
    const handled =
      event.target instanceof Element && event.target.matches(TYPING)
        ? leaveSearch(event, search)
        : act(event.key, search);
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

function act(key: string, search: HTMLInputElement | null): boolean {
  switch (key) {
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
    case '?':
      openDialog('shortcuts');
      return true;
    default:
      return false;
  }
}

function step(by: number): boolean {
  const current = document.activeElement?.closest('[data-task]');
  const position = links().findIndex((link) => current?.contains(link));
  return focusRow(position < 0 ? 0 : position + by);
}

function focusRow(position: number): boolean {
  const all = links();
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
