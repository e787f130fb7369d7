/** What stands beside a report for whoever writes it: the order, templates to begin with, macros, priors, kept words. */

import { element } from './dom';
import { Menu } from './menu';

export interface AidsOrder {
  procedure: string;
  reason: string;
  history: string;
  requestedBy: string;
  priority: string;
}

export interface AidsChoice {
  label: string;
  detail: string;
  /** Stands before the others, and as a button of its own where the report is empty. */
  isLikely: boolean;
  run: () => void;
}

const mostLikely = 4;

/** The order: what was asked for, and a button that makes it the clinical question. */
export class OrderCard {
  readonly element = element('section', { class: 'report-order', 'aria-label': 'Order', hidden: true });

  constructor(private readonly use: () => void) {}

  show(order: AidsOrder | null | undefined, mayUse: boolean): void {
    this.element.hidden = !order;
    if (!order) return;
    const use = element('button', { type: 'button', class: 'viewer-button' }, 'Use as clinical question');
    use.addEventListener('click', this.use);
    use.hidden = !mayUse;
    this.element.replaceChildren(
      element('h3', {}, 'Order'),
      element(
        'dl',
        {},
        ...pair('Procedure', order.procedure),
        ...pair('Reason', order.reason),
        ...pair('History', order.history),
        ...pair('Requested by', order.requestedBy),
        ...pair('Priority', order.priority),
      ),
      use,
    );
  }
}

/** A menu of the tool row, filled when it opens. */
export class AidMenu {
  readonly element: HTMLElement;
  private readonly menu: Menu;
  private readonly rows = element('div', { class: 'report-aid-rows' });
  private readonly search = element('input', {
    type: 'search',
    class: 'viewer-input',
    placeholder: 'Search',
    'aria-label': 'Search',
    autocomplete: 'off',
  });

  constructor(
    id: string,
    label: string,
    icon: 'template' | 'macro' | 'comparison',
    private readonly empty: string,
    filling: () => Promise<readonly AidsChoice[]>,
  ) {
    this.menu = new Menu(id, label, icon);
    this.menu.panel.classList.add('report-aid');
    this.menu.panel.append(this.search, this.rows);
    this.element = this.menu.element;
    this.search.addEventListener('input', () => this.sift());
    this.menu.panel.addEventListener('keydown', (event) => this.move(event));
    this.menu.panel.addEventListener('toggle', (event) => {
      if (event.newState !== 'open') return;
      this.search.value = '';
      void filling().then((choices) => this.fill(choices));
    });
  }

  private fill(choices: readonly AidsChoice[]): void {
    this.search.hidden = choices.length < 8;
    const sorted = [...choices].sort((one, other) => Number(other.isLikely) - Number(one.isLikely));
    const rows = sorted.map(({ label, detail, isLikely, run }) => {
      const row = element(
        'button',
        { type: 'button', class: 'viewer-choice', 'data-likely': isLikely },
        element('span', { class: 'viewer-choice-label' }, label),
        element('span', { class: 'viewer-choice-detail' }, detail),
      );
      row.addEventListener('click', () => {
        this.menu.close();
        run();
      });
      return row;
    });
    this.rows.replaceChildren(...(rows.length > 0 ? rows : [element('p', {}, this.empty)]));
    (this.search.hidden ? rows[0] : this.search)?.focus();
  }

  private sift(): void {
    const wanted = this.search.value.trim().toLowerCase();
    for (const row of this.rows.children)
      if (row instanceof HTMLElement) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }

  private move(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const shown = [...this.rows.querySelectorAll<HTMLElement>('button:not([hidden])')];
    const at = shown.findIndex((row) => row === document.activeElement);
    shown[Math.max(0, Math.min(shown.length - 1, at + step))]?.focus();
  }
}

/** Templates for such a study as buttons, while the report is empty. */
export class BeginWith {
  readonly element = element('div', {
    class: 'report-begin',
    role: 'group',
    'aria-label': 'Begin with',
    hidden: true,
  });

  show(choices: readonly AidsChoice[], isShown: boolean): void {
    const likely = choices.filter((choice) => choice.isLikely).slice(0, mostLikely);
    this.element.hidden = !isShown || likely.length === 0;
    this.element.replaceChildren(
      element('span', {}, 'Begin with'),
      ...likely.map(({ label, run }) => {
        const button = element('button', { type: 'button', class: 'viewer-button' }, label);
        button.addEventListener('click', run);
        return button;
      }),
    );
  }
}

export interface KeptWordsOffer {
  text: string;
  /** What the button says that brings them back. */
  restore: string;
}

/** Words that the server never got, found on this computer. */
export class KeptWordsNotice {
  readonly element = element('div', { class: 'report-kept', role: 'alert', hidden: true });
  private said = '';

  constructor(
    private readonly restore: () => void,
    private readonly discard: () => void,
  ) {}

  show(offer: KeptWordsOffer | undefined): void {
    const said = offer ? `${offer.text} ${offer.restore}` : '';
    if (said === this.said) return;
    this.said = said;
    this.element.hidden = offer === undefined;
    if (offer === undefined) {
      this.element.replaceChildren();
      return;
    }
    const restore = element(
      'button',
      { type: 'button', class: 'viewer-button viewer-primary' },
      offer.restore,
    );
    const discard = element('button', { type: 'button', class: 'viewer-button' }, 'Discard');
    restore.addEventListener('click', this.restore);
    discard.addEventListener('click', this.discard);
    this.element.replaceChildren(element('p', {}, offer.text), element('div', {}, restore, discard));
  }
}

function pair(label: string, value: string): HTMLElement[] {
  return value === '' ? [] : [element('dt', {}, label), element('dd', {}, value)];
}
