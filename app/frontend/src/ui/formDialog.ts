/** A dialog with a form: it stays open, with what was entered, until what it is for is done. */

import { element } from './dom';

export class FormDialog {
  readonly element: HTMLDialogElement;
  readonly form: HTMLFormElement;
  private readonly trouble = element('p', { class: 'viewer-form-trouble', role: 'alert', hidden: true });
  private readonly submit: HTMLButtonElement;
  private run: (() => Promise<string | undefined>) | undefined;

  constructor(title: string, action: string, ...fields: HTMLElement[]) {
    const cancel = element('button', { type: 'button', class: 'viewer-button' }, 'Cancel');
    cancel.addEventListener('click', () => this.element.close());
    this.submit = element('button', { type: 'submit', class: 'viewer-button viewer-primary' }, action);
    this.form = element(
      'form',
      { class: 'viewer-text-form' },
      element('div', { class: 'viewer-dialog-head' }, element('h2', {}, title)),
      ...fields,
      this.trouble,
      element('div', { class: 'viewer-dialog-actions' }, cancel, this.submit),
    );
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-form-dialog', 'aria-label': title },
      this.form,
    );
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  /** `run` does it and returns what hindered it, or nothing. */
  open(run: () => Promise<string | undefined>): void {
    this.run = run;
    this.say(undefined);
    this.element.showModal();
    this.form.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }

  private async send(): Promise<void> {
    if (!this.run || this.submit.disabled) return;
    this.submit.disabled = true;
    this.say(undefined);
    const trouble = await this.run().finally(() => {
      this.submit.disabled = false;
    });
    if (trouble === undefined) this.element.close();
    else this.say(trouble);
  }

  private say(trouble: string | undefined): void {
    this.trouble.hidden = trouble === undefined;
    this.trouble.textContent = trouble ?? '';
  }
}

/** A labelled control of a form. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  return element(
    'label',
    { class: 'viewer-form-field' },
    element('span', {}, label),
    control,
    hint !== undefined && element('small', {}, hint),
  );
}
