/** The study's series, each with a picture, what it is, and how much of it has arrived. */

import { element, setAttribute, setText } from './dom';
import { icon } from './icons';

export interface SeriesCard {
  uid: string;
  title: string;
  subtitle: string;
  /** How many images, frames or objects it holds. */
  count: string;
  thumbnailUrl: string | undefined;
}

export interface PartCard {
  id: string;
  label: string;
}

interface Entry {
  item: HTMLLIElement;
  button: HTMLButtonElement;
  count: HTMLElement;
  progress: HTMLProgressElement;
  parts: HTMLUListElement;
}

export class SeriesStrip {
  readonly element: HTMLElement;
  private readonly list = element('ul', { class: 'viewer-series-list' });
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly choose: (seriesUid: string) => void,
    private readonly choosePart: (seriesUid: string, partId: string) => void,
    private readonly dragType: string,
  ) {
    this.element = element('nav', { class: 'viewer-series', 'aria-label': 'Series' }, this.list);
  }

  show(cards: readonly SeriesCard[]): void {
    this.entries.clear();
    this.list.replaceChildren(...cards.map((card) => this.entry(card).item));
  }

  /** Cards of another study's series, for a list of their own. */
  cardsFor(cards: readonly SeriesCard[]): HTMLLIElement[] {
    return cards.map((card) => this.entry(card).item);
  }

  markCurrent(seriesUid: string, partId?: string): void {
    for (const [uid, { button, parts }] of this.entries) {
      const isCurrent = uid === seriesUid;
      setAttribute(button, 'aria-current', isCurrent ? 'true' : undefined);
      if (isCurrent) button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      for (const part of parts.querySelectorAll('button')) {
        setAttribute(part, 'aria-current', isCurrent && part.dataset.part === partId ? 'true' : undefined);
      }
    }
  }

  setCount(seriesUid: string, count: string): void {
    const entry = this.entries.get(seriesUid);
    if (entry) setText(entry.count, count);
  }

  /** Several clips in one series are chosen one by one. */
  setParts(seriesUid: string, parts: readonly PartCard[]): void {
    const entry = this.entries.get(seriesUid);
    // Made once: a button that is made anew loses the focus.
    if (!entry || parts.length < 2 || entry.parts.childElementCount === parts.length) return;
    entry.parts.replaceChildren(...parts.map((part) => this.partButton(seriesUid, part)));
  }

  setProgress(seriesUid: string, loaded: number, total: number): void {
    const progress = this.entries.get(seriesUid)?.progress;
    if (!progress) return;
    progress.max = Math.max(1, total);
    progress.value = loaded;
    progress.hidden = loaded === 0;
    setAttribute(progress, 'data-complete', loaded >= total ? 'true' : undefined);
    setAttribute(progress, 'aria-label', `${loaded} of ${total} images loaded`);
  }

  private entry(card: SeriesCard): Entry {
    const count = element('span', {}, card.count);
    const subtitle = element('span', { class: 'viewer-card-subtitle' }, card.subtitle, ' · ', count);
    const progress = element('progress', {
      class: 'viewer-card-progress',
      max: 1,
      value: 0,
      'aria-label': 'Not loaded',
    });
    progress.hidden = true;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-card',
        draggable: 'true',
        'data-series-uid': card.uid,
        title: card.title,
      },
      picture(card.thumbnailUrl),
      element(
        'span',
        { class: 'viewer-card-text' },
        element('span', { class: 'viewer-card-title' }, card.title),
        subtitle,
      ),
    );
    button.addEventListener('click', () => {
      this.choose(card.uid);
    });
    button.addEventListener('dragstart', (event) => {
      event.dataTransfer?.setData(this.dragType, card.uid);
    });
    const parts = element('ul', { class: 'viewer-parts', 'aria-label': `Clips of ${card.title}` });
    const entry = { item: element('li', {}, button, progress, parts), button, count, progress, parts };
    this.entries.set(card.uid, entry);
    return entry;
  }

  private partButton(seriesUid: string, { id, label }: PartCard): HTMLLIElement {
    const button = element('button', { type: 'button', class: 'viewer-part', 'data-part': id }, label);
    button.addEventListener('click', () => {
      this.choosePart(seriesUid, id);
    });
    return element('li', {}, button);
  }
}

function picture(url: string | undefined): HTMLElement {
  const frame = element('span', { class: 'viewer-thumbnail' });
  if (url === undefined) {
    frame.append(icon('document', 24));
    return frame;
  }
  const image = element('img', { alt: '', loading: 'lazy', decoding: 'async', src: url, draggable: 'false' });
  image.addEventListener('error', () => {
    frame.replaceChildren(icon('document', 24));
  });
  frame.append(image);
  return frame;
}
