/** A line over the images about the viewer as a whole: what is wrong, and the way on. */

import { element } from './dom';
import { icon } from './icons';

export interface BannerText {
  text: string;
  action?: { label: string; run: () => void } | undefined;
  /** Opens beside the viewer, which stays as it is. */
  link?: { label: string; href: string } | undefined;
}

export class Banner {
  readonly element = element('div', { class: 'viewer-session', role: 'alert', hidden: true });

  show(content: BannerText | undefined): void {
    this.element.hidden = content === undefined;
    if (!content) {
      this.element.replaceChildren();
      return;
    }
    const { text, action, link } = content;
    this.element.replaceChildren(
      icon('warning', 16),
      element('span', {}, text),
      ...(link ? [linkTo(link)] : []),
      ...(action ? [button(action)] : []),
    );
  }
}

function linkTo({ label, href }: NonNullable<BannerText['link']>): HTMLAnchorElement {
  const link = element('a', { class: 'viewer-button viewer-banner-action', href, target: '_blank' }, label);
  link.addEventListener('click', (event) => {
    // A tab that a script opened can close itself when it has served; a browser that refuses follows the link.
    if (window.open(href, '_blank')) event.preventDefault();
  });
  return link;
}

function button({ label, run }: NonNullable<BannerText['action']>): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'viewer-button viewer-banner-action' }, label);
  made.addEventListener('click', run);
  return made;
}
