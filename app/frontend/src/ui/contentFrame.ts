/** The place of what is no image: a bar with its title and controls above it, and room to scroll. */

import { element } from './dom';
import { icon, type IconName } from './icons';

export interface ContentFrame {
  element: HTMLElement;
  /** Where the content goes. */
  body: HTMLElement;
  /** Where its controls go. */
  controls: HTMLElement;
}

export function contentFrame(title: string, ...controls: HTMLElement[]): ContentFrame {
  const bar = element(
    'div',
    { class: 'viewer-content-controls', role: 'toolbar', 'aria-label': title },
    ...controls,
  );
  const body = element('div', {
    class: 'viewer-content-body',
    tabindex: 0,
    role: 'region',
    'aria-label': title,
  });
  const frame = element(
    'div',
    { class: 'viewer-content-frame' },
    element('div', { class: 'viewer-content-bar' }, element('h2', {}, title), bar),
    body,
  );
  return { element: frame, body, controls: bar };
}

export function controlButton(label: string, picture: IconName, run: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button', 'aria-label': label, title: label },
    icon(picture),
  );
  button.addEventListener('click', run);
  return button;
}

export function downloadLink(href: string): HTMLAnchorElement {
  const link = element(
    'a',
    { class: 'viewer-button', href, download: true, 'aria-label': 'Download', title: 'Download' },
    icon('download'),
  );
  return link;
}

export interface Choice {
  value: string;
  label: string;
}

export function selectBox(
  label: string,
  choices: readonly Choice[],
  present: string,
  choose: (value: string) => void,
): HTMLSelectElement {
  const box = element(
    'select',
    { class: 'viewer-input viewer-select viewer-content-select', 'aria-label': label, title: label },
    ...choices.map(({ value, label: words }) =>
      element('option', { value, selected: value === present }, words),
    ),
  );
  box.addEventListener('change', () => choose(box.value));
  return box;
}

/** What stands in place of content that cannot be shown. */
export function contentNotice(title: string, detail: string, ...actions: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: 'viewer-content-notice', role: 'status' },
    icon('document', 28),
    element('p', { class: 'viewer-notice-title' }, title),
    element('p', {}, detail),
    ...actions,
  );
}
