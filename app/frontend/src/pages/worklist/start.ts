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

function clearArrivals(): void {
  document.getElementById('arrivals')?.replaceChildren();
}
