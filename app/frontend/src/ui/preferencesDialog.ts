/** The reader's preferences: what is changed counts at once, so there is nothing to confirm. */

import { element, setAttribute, setText } from './dom';
import { icon } from './icons';

export interface PreferencesPage {
  id: string;
  label: string;
  element: HTMLElement;
  /** Shows the preferences as they are now. */
  show(): void;
}

export interface PreferencesDialogEvents {
  undo(): void;
  reset(): void;
  retry(): void;
}

export interface PreferencesStatus {
  saving: 'kept' | 'saving' | 'failed';
  canUndo: boolean;
  isDefault: boolean;
}

const words = {
  kept: 'Kept for you, at every workstation.',
  saving: 'Saving …',
  failed: 'Could not be saved. It counts in this window, and saving is tried again.',
};

export class PreferencesDialog {
  readonly element: HTMLDialogElement;
  private readonly tabs = element('div', {
    class: 'viewer-side-tabs',
    role: 'tablist',
    'aria-label': 'Preferences',
  });
  private readonly state = element('p', { class: 'viewer-preferences-state', role: 'status' });
  private readonly retry: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly reset: HTMLButtonElement;
  private shown = 0;

  constructor(
    private readonly pages: readonly PreferencesPage[],
    private readonly events: PreferencesDialogEvents,
  ) {
    this.retry = this.button('Try again', () => events.retry());
    this.undo = this.button('Undo', () => this.events.undo());
    this.reset = this.button('Reset to defaults', () => this.events.reset());
    const close = element(
      'button',
      { type: 'button', class: 'viewer-button', 'aria-label': 'Close' },
      icon('close'),
    );
    close.addEventListener('click', () => this.element.close());
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-preferences', 'aria-labelledby': 'viewer-preferences-title' },
      element(
        'header',
        { class: 'viewer-dialog-head' },
        element('h2', { id: 'viewer-preferences-title' }, 'Preferences'),
        close,
      ),
      this.tabs,
      element('div', { class: 'viewer-preferences-pages' }, ...pages.map((page) => this.panel(page))),
      element('footer', { class: 'viewer-preferences-foot' }, this.state, this.retry, this.undo, this.reset),
    );
    this.tabs.addEventListener('keydown', (event) => this.moveBetweenTabs(event));
  }

  open(): void {
    if (this.element.open) return;
    this.turnTo(this.shown);
    this.element.showModal();
  }

  show({ saving, canUndo, isDefault }: PreferencesStatus): void {
    setText(this.state, words[saving]);
    setAttribute(this.state, 'data-saving', saving);
    this.retry.hidden = saving !== 'failed';
    this.undo.disabled = !canUndo;
    this.reset.disabled = isDefault;
    for (const page of this.pages) page.show();
  }

  private panel({ id, label, element: content }: PreferencesPage): HTMLElement {
    const tab = element(
      'button',
      {
        type: 'button',
        class: 'viewer-side-tab',
        role: 'tab',
        id: `viewer-preferences-tab-${id}`,
        'aria-controls': `viewer-preferences-${id}`,
      },
      label,
    );
    tab.addEventListener('click', () => this.turnTo([...this.tabs.children].indexOf(tab)));
    this.tabs.append(tab);
    setAttribute(content, 'id', `viewer-preferences-${id}`);
    setAttribute(content, 'role', 'tabpanel');
    setAttribute(content, 'aria-labelledby', tab.id);
    content.classList.add('viewer-preferences-page');
    return content;
  }

  private turnTo(position: number): void {
    this.shown = position;
    this.pages.forEach(({ element: content }, index) => {
      content.hidden = index !== position;
      const tab = this.tabs.children[index];
      if (!(tab instanceof HTMLElement)) return;
      setAttribute(tab, 'aria-selected', String(index === position));
      tab.tabIndex = index === position ? 0 : -1;
    });
  }

  private moveBetweenTabs(event: KeyboardEvent): void {
    const delta = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (delta === undefined) return;
    event.preventDefault();
    const count = this.pages.length;
    this.turnTo((this.shown + delta + count) % count);
    const tab = this.tabs.children[this.shown];
    if (tab instanceof HTMLElement) tab.focus();
  }

  private button(label: string, run: () => void): HTMLButtonElement {
    const button = element('button', { type: 'button', class: 'viewer-button' }, label);
    button.addEventListener('click', run);
    return button;
  }
}
