/** The choices of a field, below it, with the digit that takes each; the words keep the focus. */

import { element } from './dom';

export class ChoiceList {
  readonly element = element('div', {
    class: 'viewer-menu report-choices',
    role: 'group',
    'aria-label': 'Choices',
    popover: 'manual',
  });

  constructor(private readonly chosen: (index: number) => void) {}

  show(choices: readonly string[], place: () => DOMRect): void {
    if (choices.length === 0) {
      this.hide();
      return;
    }
    this.element.replaceChildren(...choices.map((choice, index) => this.row(choice, index)));
    this.element.showPopover();
    const { left, bottom } = place();
    this.element.style.top = `${Math.min(bottom + 4, innerHeight - this.element.offsetHeight - 8)}px`;
    this.element.style.left = `${Math.max(8, Math.min(left, innerWidth - this.element.offsetWidth - 8))}px`;
  }

  hide(): void {
    this.element.hidePopover();
  }

  private row(choice: string, index: number): HTMLElement {
    const digit = index < 9 && element('kbd', {}, String(index + 1));
    const button = element(
      'button',
      { type: 'button', class: 'viewer-menu-item', tabindex: -1 },
      choice,
      digit,
    );
    button.addEventListener('mousedown', (event) => event.preventDefault());
    button.addEventListener('click', () => this.chosen(index));
    return button;
  }
}
