/** The list of a study's annotations: what they say, whose they are, and where they lie. */

import { element } from './dom';
import { icon } from './icons';

export interface AnnotationRow {
  uid: string;
  title: string;
  value: string;
  place: string;
  author: string;
  isSelected: boolean;
  mayRemove: boolean;
}

export interface AnnotationPanelEvents {
  goTo(uid: string): void;
  remove(uid: string): void;
}

export class AnnotationPanel {
  readonly element: HTMLElement;
  private readonly list = element('ol', { class: 'viewer-annotations-list' });
  private readonly empty = element(
    'p',
    { class: 'viewer-annotations-empty' },
    'Nothing has been measured yet. Choose a measuring tool and draw on the image.',
  );

  constructor(private readonly events: AnnotationPanelEvents) {
    this.element = element('div', { class: 'viewer-annotations' }, this.empty, this.list);
  }

  /** Puts what belongs to the whole list below it. */
  addFooter(footer: HTMLElement): void {
    this.element.append(footer);
  }

  show(rows: readonly AnnotationRow[]): void {
    this.empty.hidden = rows.length > 0;
    const focused = this.list.querySelector<HTMLElement>(':focus')?.dataset.key;
    this.list.replaceChildren(...rows.map((row) => this.row(row)));
    if (focused !== undefined)
      this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  private row({ uid, title, value, place, author, isSelected, mayRemove }: AnnotationRow): HTMLElement {
    const open = element(
      'button',
      {
        type: 'button',
        class: 'viewer-annotation',
        'data-key': `open-${uid}`,
        'aria-pressed': String(isSelected),
      },
      element('span', { class: 'viewer-annotation-title' }, title),
      element('span', { class: 'viewer-annotation-value' }, value),
      element('span', { class: 'viewer-annotation-place' }, [place, author].filter(Boolean).join(' · ')),
    );
    open.addEventListener('click', () => {
      this.events.goTo(uid);
    });
    return element('li', { 'data-annotation-uid': uid }, open, mayRemove && this.removeButton(uid, title));
  }

  private removeButton(uid: string, title: string): HTMLElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-annotation-remove',
        'data-key': `remove-${uid}`,
        'aria-label': `Remove ${title.toLowerCase()}`,
        title: 'Remove (Undo: U)',
      },
      icon('remove', 15),
    );
    button.addEventListener('click', () => {
      this.events.remove(uid);
    });
    return button;
  }
}
