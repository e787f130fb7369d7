/** What stands in place of a volume while it loads, or when it cannot be shown: always with a way on. */

import { element, setAttribute, setText } from '../dom';
import { icon, type IconName } from '../icons';

export interface PanelAction {
  label: string;
  run: () => void;
  isMain?: boolean;
}

export interface PanelMessage {
  icon: IconName;
  title: string;
  detail?: string | undefined;
  actions: readonly PanelAction[];
}

export class LoadingPanel {
  readonly element = element('div', { class: 'viewer-notice viewer-volume-notice', hidden: true });
  private readonly progress = element('progress', {
    class: 'viewer-volume-progress',
    'aria-label': 'Loading',
  });
  private readonly words = element('p', { class: 'viewer-notice-detail' });

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  say({ icon: picture, title, detail, actions }: PanelMessage): void {
    this.show(
      'alert',
      icon(picture, 28),
      element('p', { class: 'viewer-notice-title' }, title),
      detail !== undefined && element('p', { class: 'viewer-notice-detail' }, detail),
      buttons(actions),
    );
    this.element.querySelector('button')?.focus();
  }

  begin(title: string, size: string, cancel: () => void): void {
    setAttribute(this.progress, 'value', 0);
    setText(this.words, size);
    this.show(
      'status',
      element('p', { class: 'viewer-notice-title' }, title),
      this.progress,
      this.words,
      buttons([{ label: 'Cancel', run: cancel }]),
    );
  }

  advance(done: number, total: number): void {
    setAttribute(this.progress, 'value', done);
    setAttribute(this.progress, 'max', total);
    setText(this.words, `${done} of ${total} images`);
  }

  private show(role: string, ...children: (Node | false)[]): void {
    this.element.hidden = false;
    this.element.replaceChildren(element('div', { class: 'viewer-notice-box', role }, ...children));
  }
}

function buttons(actions: readonly PanelAction[]): HTMLElement {
  return element(
    'div',
    { class: 'viewer-volume-actions' },
    ...actions.map(({ label, run, isMain }) => {
      const button = element(
        'button',
        { type: 'button', class: `viewer-button ${isMain ? 'viewer-primary' : 'viewer-secondary'}` },
        label,
      );
      button.addEventListener('click', run);
      return button;
    }),
  );
}
