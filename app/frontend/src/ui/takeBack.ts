/** A line that says what was just removed, and takes that back. */

import { element } from './dom';

export class TakeBack {
  readonly element = element('p', { class: 'viewer-take-back', role: 'status', hidden: true });

  show(text: string, undo: () => void): void {
    const button = element('button', { type: 'button', class: 'viewer-button' }, 'Undo');
    button.addEventListener('click', () => {
      this.hide();
      undo();
    });
    this.element.replaceChildren(text, button);
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
