/** The patient's other studies below the series, each unfolded to its own series. */

import { element, setText } from './dom';
import { icon } from './icons';

export interface PriorCard {
  studyUid: string;
  date: string;
  modalities: string;
  description: string;
  /** How much earlier or later, how many series. */
  details: string;
  /** Why it is not shown here, and where it can be seen. */
  refused?: { text: string; href: string } | undefined;
}

export class PriorList {
  readonly element: HTMLElement;
  private readonly head = element('h2', { class: 'viewer-priors-title' });
  private readonly list = element('ul', { class: 'viewer-priors-list' });

  /** `unfold` gives the series of a study as list items; what it raises is told with `why`. */
  constructor(
    private readonly unfold: (studyUid: string) => Promise<readonly HTMLLIElement[]>,
    private readonly why: (error: unknown) => string,
  ) {
    this.element = element(
      'section',
      { class: 'viewer-priors', 'aria-label': 'Other studies of the patient', hidden: true },
      this.head,
      this.list,
    );
  }

  show(cards: readonly PriorCard[]): void {
    this.element.hidden = cards.length === 0;
    setText(this.head, `Other studies (${cards.length})`);
    this.list.replaceChildren(...cards.map((card) => element('li', {}, this.entry(card))));
  }

  private entry(card: PriorCard): HTMLElement {
    if (card.refused) return refusedEntry(card, card.refused);
    const series = element('ul', { class: 'viewer-series-list viewer-prior-series' });
    const entry = element(
      'details',
      { class: 'viewer-prior', 'data-study-uid': card.studyUid },
      element('summary', { class: 'viewer-prior-head' }, icon('open', 12), heading(card)),
      series,
    );
    let isFilled = false;
    entry.addEventListener('toggle', () => {
      if (!entry.open || isFilled) return;
      isFilled = true;
      void this.fill(card.studyUid, series).then((done) => {
        isFilled = done;
      });
    });
    return entry;
  }

  private async fill(studyUid: string, series: HTMLElement): Promise<boolean> {
    series.replaceChildren(element('li', { class: 'viewer-prior-note', role: 'status' }, 'Loading series …'));
    try {
      const items = await this.unfold(studyUid);
      const none = element('li', { class: 'viewer-prior-note' }, 'It holds no series.');
      series.replaceChildren(...(items.length > 0 ? items : [none]));
      return true;
    } catch (error) {
      series.replaceChildren(element('li', { class: 'viewer-prior-note', role: 'alert' }, this.why(error)));
      return false;
    }
  }
}

function heading({ date, modalities, description, details }: PriorCard): HTMLElement {
  return element(
    'span',
    { class: 'viewer-prior-text' },
    element('span', { class: 'viewer-prior-date' }, [date || 'No date', modalities].join(' · ')),
    element('span', { class: 'viewer-prior-name', title: description }, description || 'No description'),
    element('span', { class: 'viewer-details' }, details),
  );
}

function refusedEntry(card: PriorCard, { text, href }: NonNullable<PriorCard['refused']>): HTMLElement {
  return element(
    'a',
    { class: 'viewer-prior viewer-prior-head', href, target: '_blank', rel: 'noopener', title: text },
    icon('warning', 14),
    element('span', { class: 'viewer-prior-text' }, heading(card), element('span', {}, text)),
  );
}
