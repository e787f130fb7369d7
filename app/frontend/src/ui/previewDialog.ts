/** One attached file, large, over the images. */

import { element } from './dom';
import { icon } from './icons';

export class PreviewDialog {
  readonly element: HTMLDialogElement;
  private readonly body = element('div', { class: 'viewer-preview-body' });
  private readonly title = element('bdi', { class: 'viewer-preview-name' });
  private close: (() => void) | undefined;

  constructor() {
    const button = element(
      'button',
      { type: 'button', class: 'viewer-button', 'aria-label': 'Close' },
      icon('close'),
    );
    button.addEventListener('click', () => this.element.close());
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-preview', 'aria-label': 'Preview' },
      element('header', { class: 'viewer-dialog-head' }, element('h2', {}, this.title), button),
      this.body,
    );
    this.element.addEventListener('close', () => this.clear());
  }

  /** Shows what `make` comes to, and calls what it gives back when the reader has seen enough. */
  async open(name: string, make: () => Promise<{ element: HTMLElement; close?: () => void }>): Promise<void> {
    this.clear();
    this.title.textContent = name;
    this.body.replaceChildren(element('p', { class: 'viewer-details' }, 'Loading …'));
    if (!this.element.open) this.element.showModal();
    const content = await make();
    if (!this.element.open || this.title.textContent !== name) {
      content.close?.();
      return;
    }
    this.close = content.close;
    this.body.replaceChildren(content.element);
  }

  showProblem(text: string): void {
    this.body.replaceChildren(element('p', { class: 'viewer-problem', role: 'alert' }, text));
  }

  private clear(): void {
    this.close?.();
    this.close = undefined;
    this.body.replaceChildren();
  }
}
