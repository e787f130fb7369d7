/** Says beside a list whether it is live: the list asks for news by itself, a failure must not look like silence. */

const LIVE = 'Live';
const LOST = 'Not live: the connection is lost, trying again';

function show(indicator: HTMLElement, isLive: boolean): void {
  indicator.dataset.state = isLive ? 'live' : 'reconnecting';
  const words = indicator.querySelector('[data-live-words]');
  const text = isLive ? LIVE : LOST;
  if (words && words.textContent !== text) words.textContent = text;
}

export function startLivePolling(indicator: HTMLElement): void {
  const poll = document.getElementById(indicator.dataset.livePolling ?? '');
  poll?.addEventListener('htmx:afterRequest', (event) => {
    const detail = event instanceof CustomEvent ? (event.detail as { successful?: boolean }) : {};
    show(indicator, detail.successful === true);
  });
}
