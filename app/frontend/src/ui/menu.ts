/** A button of the tool bar that opens a small panel below it. */

import { element, setAttribute, setText } from './dom';
import { icon, type IconName } from './icons';

export class Menu {
  readonly element: HTMLElement;
  /** What opens; fill it as you like. */
  readonly panel: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly words = element('span', { class: 'viewer-menu-caption', hidden: true });

  constructor(
    id: string,
    private readonly label: string,
    iconName: IconName,
  ) {
    this.panel = element('div', { class: 'viewer-menu', id: `viewer-menu-${id}`, popover: 'auto' });
    this.button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-menu-button',
        'aria-label': label,
        title: label,
        'aria-expanded': 'false',
        'aria-controls': this.panel.id,
      },
      icon(iconName),
      this.words,
      icon('open', 12),
    );
    this.button.addEventListener('click', () => this.panel.togglePopover());
    this.panel.addEventListener('beforetoggle', (event) => {
      if (event.newState === 'open') this.place();
    });
    this.panel.addEventListener('toggle', (event) => {
      const isOpen = event.newState === 'open';
      setAttribute(this.button, 'aria-expanded', String(isOpen));
      if (isOpen) this.panel.querySelector<HTMLElement>('button:not(:disabled), input, select')?.focus();
    });
    this.element = element('div', { class: 'viewer-menu-place' }, this.button, this.panel);
  }

  set enabled(enabled: boolean) {
    this.button.disabled = !enabled;
  }

  /** What is chosen in the menu, beside its picture. */
  set caption(text: string) {
    this.words.hidden = text === '';
    setText(this.words, text);
    setAttribute(this.button, 'aria-label', text === '' ? this.label : `${this.label}: ${text}`);
  }

  close(): void {
    this.panel.hidePopover();
  }

  /** Below the button, within the window. */
  private place(): void {
    const { left, bottom } = this.button.getBoundingClientRect();
    this.panel.style.top = `${bottom + 4}px`;
    this.panel.style.left = `${Math.max(8, Math.min(left, innerWidth - 280))}px`;
  }
}
