/** A message in place of the image: what happened, and what the reader can do. */

import { element } from './dom';
import { icon, type IconName } from './icons';

export interface Notice {
  icon: IconName;
  title: string;
  detail?: string | undefined;
  action?: { label: string; run: () => void } | { label: string; href: string } | undefined;
  /** Whether the reader must hear of it at once. */
  urgent: boolean;
}

export class NoticePanel {
  readonly element = element('div', { class: 'viewer-notice', hidden: true });
  private shown = '';

  show(notice: Notice | undefined): void {
    const summary = notice ? `${notice.title}|${notice.detail ?? ''}|${notice.action?.label ?? ''}` : '';
    if (summary === this.shown) return;
    this.shown = summary;
    this.element.hidden = notice === undefined;
    this.element.replaceChildren(...(notice ? [content(notice)] : []));
  }
}

function content({ icon: iconName, title, detail, action, urgent }: Notice): HTMLElement {
  return element(
    'div',
    { class: 'viewer-notice-box', role: urgent ? 'alert' : 'status', 'data-urgent': String(urgent) },
    icon(iconName, 28),
    element('p', { class: 'viewer-notice-title' }, title),
    detail !== undefined && element('p', { class: 'viewer-notice-detail' }, detail),
    action && actionElement(action),
  );
}

function actionElement(action: NonNullable<Notice['action']>): HTMLElement {
  if ('href' in action)
    return element('a', { class: 'viewer-button viewer-primary', href: action.href }, action.label);
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button viewer-primary' },
    icon('again', 16),
    action.label,
  );
  button.addEventListener('click', () => {
    action.run();
  });
  return button;
}
