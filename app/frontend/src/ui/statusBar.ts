/** The line at the bottom: how far loading is, and what the viewer runs on. */

import { element, setText } from './dom';

export class StatusBar {
  readonly element: HTMLElement;
  private readonly loading = element('span', { class: 'viewer-status-loading' });
  private readonly hint = element('span', { class: 'viewer-status-hint' });
  private readonly renderer = element('span', { class: 'viewer-status-renderer' });
  private readonly announcement = element('span', { class: 'viewer-unseen', role: 'status' });

  constructor() {
    this.element = element(
      'footer',
      { class: 'viewer-status' },
      this.loading,
      this.hint,
      this.renderer,
      this.announcement,
    );
  }

  showLoading(text: string): void {
    setText(this.loading, text);
  }

  showHint(text: string): void {
    setText(this.hint, text);
  }

  showRenderer(text: string): void {
    setText(this.renderer, text);
  }

  /** For those who cannot see that the image changed. */
  announce(text: string): void {
    setText(this.announcement, text);
  }
}
