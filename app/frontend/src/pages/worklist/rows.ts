/** The rows of the worklist as they stand on the page. */

const NEW_STAYS_MS = 6000;

export function results(): HTMLElement {
  const found = document.getElementById('worklist-results');
  if (!found) throw new Error('the page has no results');
  return found;
}

/** What scrolls on a wide screen; on a phone the page itself does. */
export function scroller(): HTMLElement | null {
  return results().querySelector<HTMLElement>('[data-scroller]');
}

/** What the focus rests on in each row: the link to its study, or the name where there is no study yet. */
export function names(): HTMLElement[] {
  return [...results().querySelectorAll<HTMLElement>('.study .col-patient [id^=open-]')];
}

/** The row that the focus is in. */
export function currentKey(): number | undefined {
  const row = document.activeElement?.closest<HTMLElement>('[data-task]');
  return row ? Number(row.dataset.task) : undefined;
}

export function rowKeys(): number[] {
  return [...results().querySelectorAll<HTMLElement>('[data-task]')].map((row) => Number(row.dataset.task));
}

/** Shows for a while which rows have come. */
export function markNew(keys: number[]): void {
  for (const key of keys) {
    const row = document.getElementById(`task-${key}`);
    row?.classList.add('is-new');
    setTimeout(() => row?.classList.remove('is-new'), NEW_STAYS_MS);
  }
}

/** Says something to screen readers only. */
export function announce(text: string): void {
  const place = document.querySelector('[data-announcer]');
  if (place) place.textContent = text;
}

/** A click anywhere on a row opens its study; selecting text does not. */
export function startRowClicks(page: HTMLElement): void {
  const opened = (event: MouseEvent, inNewTab: boolean): void => {
    if (!(event.target instanceof Element) || event.target.closest('a, button, input, summary, .col-select'))
      return;
    const link = event.target
      .closest('[data-task]')
      ?.querySelector<HTMLAnchorElement>('.col-patient a[id^=open-]');
    if (!link || document.getSelection()?.isCollapsed === false) return;
    if (inNewTab) window.open(link.href, '_blank', 'noopener');
    else window.location.assign(link.href);
  };
  page.addEventListener('click', (event) => {
    opened(event, event.ctrlKey || event.metaKey);
  });
  page.addEventListener('auxclick', (event) => {
    if (event.button === 1) opened(event, true);
  });
}
