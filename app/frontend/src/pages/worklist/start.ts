/** The worklist's page: filters, keyboard, rows and the live connection. */

import type { LiveState } from '../../live/connection';
import type { LivePage } from '../../live/livePage';
import { startColumnChoice } from './columns';
import { startFilterBar } from './filterBar';
import { startKeyboard } from './keyboard';
import { Refresher } from './refresh';
import { Changes } from './changes';
import { fillReaders } from './readers';
import { rowKeys, startRowClicks } from './rows';
import { Selection, startSelection } from './selection';

const AGES_EVERY_MS = 60_000;
const STATE_WORDS: Record<LiveState, string> = {
  live: 'Live',
  reconnecting: 'Reconnecting',
  polling: 'Every 10 s',
};

export function startWorklist(page: HTMLElement, live: LivePage): void {
  const form = page.querySelector<HTMLFormElement>('#worklist-filter');
  if (form) startFilterBar(form);
  const choices = document.querySelector<HTMLElement>('[data-column-choices]');
  if (choices) startColumnChoice(choices);
  const selection = new Selection();
  const changes = new Changes(page, selection);
  startSelection(page, selection);
  changes.start();
  startKeyboard({ selection, changes });
  fillReaders();
  startRowClicks(page);
  const refresher = new Refresher(page);
  live.on('studies', (studies) => {
    refresher.ask(studies);
  });
  live.onState(showState);
  // What a row says of its age grows old without any change of the study.
  setInterval(() => {
    refresher.ask(rowKeys());
  }, AGES_EVERY_MS);
  document.body.addEventListener('htmx:configRequest', rememberOrder);
  // The pill speaks of studies above the shown ones: once others are shown it is out of date.
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (!(event.target instanceof Element) || event.target.id !== 'worklist-results') return;
    clearArrivals();
    fillReaders();
  });
}

function showState(state: LiveState): void {
  const indicator = document.getElementById('live');
  if (!indicator || indicator.dataset.state === state) return;
  indicator.dataset.state = state;
  const words = indicator.querySelector('[data-live-text]');
  if (words) words.textContent = STATE_WORDS[state];
}

/** A filter request that follows a sort before its answer came must ask for the new order too. */
function rememberOrder(event: Event): void {
  const path = event instanceof CustomEvent ? (event.detail as { path?: string }).path : undefined;
  const query = new URLSearchParams(path?.split('?')[1] ?? '');
  for (const name of ['sort', 'dir']) {
    const field = document.querySelector<HTMLInputElement>(`input[name=${name}][form=worklist-filter]`);
    const value = query.get(name);
    if (field && value) field.value = value;
  }
}

function clearArrivals(): void {
  document.getElementById('arrivals')?.replaceChildren();
}
