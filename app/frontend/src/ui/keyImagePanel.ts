/** The list of a study's key images, and of the selections that came with it. */

import { element } from './dom';
import { icon } from './icons';

export interface KeyImageRow {
  /** Names the image among the others. */
  key: string;
  title: string;
  detail: string;
  picture: string | undefined;
  isShown: boolean;
  mayRemove: boolean;
}

export interface SelectionRows {
  title: string;
  detail: string;
  rows: readonly KeyImageRow[];
}

export interface KeyImagePanelContent {
  own: readonly KeyImageRow[];
  selections: readonly SelectionRows[];
  mayMark: boolean;
}

export interface KeyImagePanelEvents {
  goTo(key: string): void;
  remove(key: string): void;
  keep(): void;
  print(): void;
}

const pictureSide = 56;

export class KeyImagePanel {
  readonly element = element('div', { class: 'viewer-key-images' });

  constructor(private readonly events: KeyImagePanelEvents) {}

  show({ own, selections, mayMark }: KeyImagePanelContent): void {
    const focused = this.element.querySelector<HTMLElement>(':focus')?.dataset.key;
    this.element.replaceChildren(
      ...(own.length > 0 ? [this.list(own), this.actions(mayMark)] : [emptyNote(mayMark)]),
      ...selections.map(({ title, detail, rows }) =>
        element(
          'section',
          { class: 'viewer-key-selection' },
          element('h3', {}, title),
          detail !== '' && element('p', {}, detail),
          this.list(rows),
        ),
      ),
    );
    if (focused !== undefined)
      this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  private list(rows: readonly KeyImageRow[]): HTMLElement {
    return element('ol', { class: 'viewer-annotations-list' }, ...rows.map((row) => this.row(row)));
  }

  private row({ key, title, detail, picture, isShown, mayRemove }: KeyImageRow): HTMLElement {
    const size = { width: pictureSide, height: pictureSide };
    const open = element(
      'button',
      {
        type: 'button',
        class: 'viewer-annotation viewer-key-image',
        'data-key': `open-${key}`,
        'aria-pressed': String(isShown),
      },
      picture !== undefined && element('img', { src: picture, alt: '', loading: 'lazy', ...size }),
      element(
        'span',
        { class: 'viewer-key-image-words' },
        element('span', { class: 'viewer-annotation-title' }, title),
        element('span', { class: 'viewer-annotation-place' }, detail),
      ),
    );
    open.addEventListener('click', () => this.events.goTo(key));
    return element('li', {}, open, mayRemove && this.removeButton(key, title));
  }

  private removeButton(key: string, title: string): HTMLElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-annotation-remove',
        'data-key': `remove-${key}`,
        'aria-label': `No key image: ${title}`,
        title: 'Take the mark away',
      },
      icon('remove', 15),
    );
    button.addEventListener('click', () => this.events.remove(key));
    return button;
  }

  private actions(mayMark: boolean): HTMLElement {
    const button = (label: string, run: () => void): HTMLElement => {
      const made = element('button', { type: 'button', class: 'viewer-button viewer-choice-save' }, label);
      made.addEventListener('click', run);
      return made;
    };
    return element(
      'div',
      { class: 'viewer-key-actions' },
      mayMark && button('Save as selection …', () => this.events.keep()),
      button('Print all', () => this.events.print()),
    );
  }
}

function emptyNote(mayMark: boolean): HTMLElement {
  const how = mayMark ? ' Mark the image on display with Shift K.' : '';
  return element('p', { class: 'viewer-annotations-empty' }, `This study has no key images yet.${how}`);
}
