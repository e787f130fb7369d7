/** Asks for a line of text, such as the words at an arrow. */

import { element } from './dom';

export class TextDialog {
  readonly element: HTMLDialogElement;
  private readonly input = element('input', {
    type: 'text',
    id: 'viewer-text',
    class: 'viewer-input',
    maxlength: 200,
    autocomplete: 'off',
  });
  private answer: ((text: string | undefined) => void) | undefined;

  constructor() {
    const cancel = element('button', { type: 'button', class: 'viewer-button' }, 'Cancel');
    cancel.addEventListener('click', () => {
      this.element.close();
    });
    const form = element(
      'form',
      { method: 'dialog', class: 'viewer-text-form' },
      element('label', { for: 'viewer-text' }, 'Text'),
      this.input,
      element(
        'div',
        { class: 'viewer-dialog-actions' },
        cancel,
        element('button', { type: 'submit', class: 'viewer-button viewer-primary' }, 'Save'),
      ),
    );
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-text-dialog', 'aria-label': 'Text of the annotation' },
      form,
    );
    form.addEventListener('submit', () => {
      this.settle(this.input.value.trim() || undefined);
    });
    this.element.addEventListener('close', () => {
      this.settle(undefined);
    });
  }

  /** The text that was entered; undefined when the reader cancels or leaves it empty. */
  ask(present: string): Promise<string | undefined> {
    this.settle(undefined);
    this.input.value = present;
    this.element.showModal();
    this.input.select();
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  private settle(text: string | undefined): void {
    const { answer } = this;
    this.answer = undefined;
    answer?.(text);
  }
}
