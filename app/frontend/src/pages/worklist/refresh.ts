/** Brings the visible rows up to date without moving what is being read. */

import htmx from 'htmx.org';
import { markBackground } from '../requestErrors';
import { announce, markNew, results, rowKeys, scroller } from './rows';

const SHORTEST_PAUSE_MS = 1500;
const AT_TOP_PX = 8;

interface SwapDetail {
  shouldSwap: boolean;
  requestConfig?: { elt?: Element };
}

export class Refresher {
  private readonly page: HTMLElement;
  private wanted: Set<number> | 'all' | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private renewing = false;
  private readersRequests = 0;
  private readersRequestsAtStart = 0;
  private lastAt = 0;

  constructor(page: HTMLElement) {
    this.page = page;
    markBackground(page);
    document.addEventListener('visibilitychange', () => {
      this.schedule();
    });
    document.body.addEventListener('htmx:beforeRequest', (event) => {
      const isOfDialog = event.target instanceof Element && event.target.closest('dialog') !== null;
      if (event.target !== page && !isOfDialog) this.readersRequests += 1;
    });
    document.body.addEventListener('htmx:beforeSwap', (event) => {
      this.dropWhenOutdated(event);
    });
  }

  /** Ask for a refresh: of these studies, or of everything that is shown. */
  ask(studies: number[] | null): void {
    if (studies === null || this.wanted === 'all') this.wanted = 'all';
    else this.wanted = new Set([...(this.wanted ?? []), ...studies]);
    this.schedule();
  }

  private schedule(): void {
    if (this.wanted === undefined || this.busy || document.hidden) return;
    clearTimeout(this.timer);
    const pause = Math.max(0, this.lastAt + SHORTEST_PAUSE_MS - Date.now());
    this.timer = setTimeout(() => void this.run(), pause);
  }

  private async run(): Promise<void> {
    const wanted = this.wanted;
    if (wanted === undefined) return;
    this.wanted = undefined;
    this.busy = true;
    this.readersRequestsAtStart = this.readersRequests;
    try {
      this.renewing = mayMoveRows();
      if (this.renewing) await this.renew();
      else await this.update(wanted);
    } catch {
      // Not answered: the stream or the next poll asks again.
    } finally {
      this.busy = false;
      this.lastAt = Date.now();
      this.schedule();
    }
  }

  /** The whole page of studies anew; rows that were not there are marked. */
  private async renew(): Promise<void> {
    const before = new Set(rowKeys());
    const sideways = scroller()?.scrollLeft ?? 0;
    const query = results().dataset.query ?? '';
    await htmx.ajax('post', `${this.page.dataset.studies ?? ''}?${query}`, {
      source: this.page,
      target: '#worklist-results',
      swap: 'outerHTML',
      values: this.values(),
    });
    const frame = scroller();
    if (frame) frame.scrollLeft = sideways;
    const added = rowKeys().filter((key) => !before.has(key));
    markNew(added);
    if (added.length > 0) announce(added.length === 1 ? 'One new study' : `${added.length} new studies`);
  }

  /** The shown rows in their places, and how many studies would stand above them. */
  private async update(wanted: Set<number> | 'all'): Promise<void> {
    const values = this.values();
    for (const key of rowKeys()) {
      if (wanted === 'all' || wanted.has(key)) values.append('row', key.toString());
    }
    values.append('since', results().dataset.renderedAt ?? '');
    await htmx.ajax('post', this.page.dataset.updates ?? '', {
      source: this.page,
      target: '#arrivals',
      swap: 'none',
      values,
    });
  }

  /** What the reader did while the answer was on its way goes before what the page does by itself. */
  private dropWhenOutdated(event: Event): void {
    const swap = event instanceof CustomEvent ? (event.detail as SwapDetail) : undefined;
    if (!swap || swap.requestConfig?.elt !== this.page) return;
    const asked = this.readersRequests !== this.readersRequestsAtStart;
    if (!asked && (!this.renewing || mayMoveRows())) return;
    swap.shouldSwap = false;
    this.wanted = 'all';
  }

  private values(): FormData {
    const form = document.getElementById('worklist-filter');
    return new FormData(form instanceof HTMLFormElement ? form : undefined);
  }
}

/** Only at the very top of the first page, where nothing is being pointed at or selected. */
function mayMoveRows(): boolean {
  const selection = document.getSelection();
  const selecting = selection !== null && !selection.isCollapsed && results().contains(selection.anchorNode);
  const menuIsOpen = results().querySelector('details[open]') !== null;
  const hasSelected = results().querySelector('.is-selected') !== null;
  const atTop = (scroller()?.scrollTop ?? 0) < AT_TOP_PX && window.scrollY < AT_TOP_PX;
  return results().dataset.firstPage === 'yes' && atTop && !selecting && !menuIsOpen && !hasSelected;
}
