/** Asks for the password of whoever signs, and tells what speaks against signing now. */

import { element, setText } from './dom';

export interface SignWarning {
  key: string;
  text: string;
}

export interface SignRequest {
  title: string;
  /** Each has to be acknowledged. */
  warnings: readonly SignWarning[];
  /** Something to fill in before, such as the words of an addendum. */
  content?: HTMLElement | undefined;
  /** Signs; what it raises is shown, and the dialog stays. */
  sign: (password: string, acknowledged: readonly string[]) => Promise<void>;
  /** The warnings that an error of `sign` brings in place of those that are shown. */
  warningsOf?: (error: unknown) => readonly SignWarning[] | undefined;
}

export class SignDialog {
  readonly element: HTMLDialogElement;
  private readonly title = element('h2', { id: 'viewer-sign-title' });
  private readonly warnings = element('fieldset', { class: 'report-warnings' });
  private readonly boxes = new Map<string, HTMLInputElement>();
  private readonly content = element('div', { class: 'report-sign-content' });
  private readonly password = element('input', {
    type: 'password',
    id: 'viewer-sign-password',
    class: 'viewer-input',
    autocomplete: 'current-password',
    required: true,
  });
  private readonly error = element('p', { class: 'report-sign-error', role: 'alert' });
  private readonly submit = element(
    'button',
    { type: 'submit', class: 'viewer-button viewer-primary' },
    'Sign',
  );
  private request: SignRequest | undefined;

  constructor() {
    const cancel = element('button', { type: 'button', class: 'viewer-button' }, 'Cancel');
    cancel.addEventListener('click', () => this.element.close());
    const form = element(
      'form',
      { class: 'viewer-text-form' },
      this.title,
      this.warnings,
      this.content,
      element('label', { for: 'viewer-sign-password' }, 'Your password'),
      this.password,
      this.error,
      element('div', { class: 'viewer-dialog-actions' }, cancel, this.submit),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.send();
    });
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-sign-dialog', 'aria-labelledby': 'viewer-sign-title' },
      form,
    );
    this.element.addEventListener('close', () => {
      this.password.value = '';
      this.content.replaceChildren();
      this.boxes.clear();
      this.request = undefined;
    });
  }

  open(request: SignRequest): void {
    this.request = request;
    setText(this.title, request.title);
    this.warn(request.warnings);
    this.content.replaceChildren(...(request.content ? [request.content] : []));
    setText(this.error, '');
    this.element.showModal();
    if (!request.content) ([...this.boxes.values()][0] ?? this.password).focus();
  }

  private warn(warnings: readonly SignWarning[]): void {
    const ticked = this.acknowledged;
    this.boxes.clear();
    const rows = warnings.map(({ key, text }) => {
      const box = element('input', { type: 'checkbox', class: 'viewer-check', required: true });
      box.checked = ticked.includes(key);
      this.boxes.set(key, box);
      return element('label', {}, box, element('span', {}, text));
    });
    this.warnings.replaceChildren(element('legend', {}, 'Tick what you know and sign nevertheless'), ...rows);
    this.warnings.hidden = warnings.length === 0;
  }

  private get acknowledged(): string[] {
    return [...this.boxes].filter(([, box]) => box.checked).map(([key]) => key);
  }

  private async send(): Promise<void> {
    const { request } = this;
    if (!request || this.submit.disabled) return;
    this.submit.disabled = true;
    setText(this.error, '');
    try {
      await request.sign(this.password.value, this.acknowledged);
      this.element.close();
    } catch (error) {
      setText(this.error, error instanceof Error ? error.message : String(error));
      const warnings = request.warningsOf?.(error);
      if (warnings) this.warn(warnings);
      else this.password.select();
    } finally {
      this.submit.disabled = false;
    }
  }
}
