/** The worklist's page: filters, keyboard, rows and the live connection. */

import { goToSignIn } from '../requestErrors';
import { startFilterBar } from './filterBar';
import { startKeyboard } from './keyboard';
import { LiveConnection, type LiveState } from './liveConnection';
import { Refresher } from './refresh';
import { startRowClicks } from './rows';

const STATE_WORDS: Record<LiveState, string> = {
  live: 'Live',
  reconnecting: 'Reconnecting',
  polling: 'Every 10 s',
};

export function startWorklist(page: HTMLElement): void {
  const form = page.querySelector<HTMLFormElement>('#worklist-filter');
  if (form) startFilterBar(form);
  startKeyboard();
  startRowClicks(page);
  startLive(page);
  document.body.addEventListener('htmx:configRequest', rememberOrder);
  // The pill speaks of studies above the shown ones: once others are shown it is out of date.
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (event.target instanceof Element && event.target.id === 'worklist-results') clearArrivals();
  });
}

function startLive(page: HTMLElement): void {
  const refresher = new Refresher(page);
  const address = page.dataset.events ?? '';
  const connection = new LiveConnection(() => new EventSource(address), {
    state: showState,
    changed: (studies) => {
      refresher.ask(studies);
    },
    signedOut: goToSignIn,
  });
  connection.start();
  window.addEventListener('pagehide', () => {
    connection.stop();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) connection.start();
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
