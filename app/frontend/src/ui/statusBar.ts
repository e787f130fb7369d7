/** The line at the bottom: how far loading is, and what the viewer runs on. */

import { element, setAttribute, setText } from './dom';

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

  /** What the images that are kept take, in bytes: as a tool tip, and for whoever looks into a complaint. */
  showMemory({ used, most }: { used: number; most: number }): void {
    const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
    setAttribute(this.loading, 'title', `Images take ${megabytes(used)} of ${megabytes(most)} MB`);
    setAttribute(this.loading, 'data-used-bytes', String(used));
    setAttribute(this.loading, 'data-most-bytes', String(most));
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
