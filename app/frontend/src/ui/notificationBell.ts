/** The bell: how much is unread, and a panel with the latest as the server writes it. */

import { element, setAttribute, setText } from './dom';

export interface BellOptions {
  /** Gives the panel; what is unread stands in its attributes. */
  latestUrl: string;
  /** Of the button, as its page has buttons. */
  buttonClass: string;
  /** What is drawn on the button. */
  picture: Element;
}

export class NotificationBell {
  readonly element: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly badge = element('span', { class: 'bell-badge', hidden: true, 'aria-hidden': 'true' });
  private readonly status = element('span', { class: 'visually-hidden', role: 'status' });
  private readonly panel = element('div', { class: 'bell-panel', id: 'bell-panel', popover: 'auto' });
  private unread = 0;
  private asked = 0;

  constructor(private readonly options: BellOptions) {
    this.button = element(
      'button',
      {
        type: 'button',
        class: options.buttonClass,
        'aria-expanded': 'false',
        'aria-controls': this.panel.id,
      },
      options.picture,
      this.badge,
    );
    this.element = element('div', { class: 'bell' }, this.button, this.panel, this.status);
    this.button.addEventListener('click', () => {
      this.toggle();
    });
    this.panel.addEventListener('toggle', (event) => {
      this.toggled(event.newState === 'open');
    });
    this.panel.addEventListener('keydown', (event) => {
      this.pressed(event);
    });
    this.panel.addEventListener('click', (event) => {
      if (event.target instanceof Element) this.clicked(event.target);
    });
    this.label();
  }

  toggle(): void {
    this.panel.togglePopover();
  }

  get isOpen(): boolean {
    return this.panel.matches(':popover-open');
  }

  /** Asks for the panel anew; what cannot be had stays as it was, the next change asks again. */
  async refresh(): Promise<void> {
    const turn = ++this.asked;
    const found = await this.fetchPanel();
    if (!found || turn !== this.asked) return;
    const place = this.focusedPlace();
    this.panel.replaceChildren(found);
    if (place !== undefined) this.focus(place);
    this.count(Number(found.dataset.unread ?? 0), found);
  }

  private async fetchPanel(): Promise<HTMLElement | undefined> {
    try {
      const response = await fetch(this.options.latestUrl, {
        credentials: 'same-origin',
        headers: { 'X-Requested-With': 'XMLHttpRequest' },
      });
      if (!response.ok || response.redirected) return undefined;
      const read = new DOMParser().parseFromString(await response.text(), 'text/html');
      return read.querySelector<HTMLElement>('.notifications') ?? undefined;
    } catch {
      return undefined;
    }
  }

  private count(unread: number, panel: HTMLElement): void {
    this.badge.hidden = unread === 0;
    setText(this.badge, panel.dataset.unreadWords ?? '');
    this.badge.classList.toggle('is-critical', 'critical' in panel.dataset);
    const grew = unread > this.unread;
    this.unread = unread;
    this.label();
    if (grew) setText(this.status, unreadWords(unread));
  }

  private label(): void {
    const words = this.unread === 0 ? 'Notifications' : `Notifications: ${unreadWords(this.unread)}`;
    setAttribute(this.button, 'aria-label', words);
    setAttribute(this.button, 'title', words);
  }

  private toggled(isOpen: boolean): void {
    setAttribute(this.button, 'aria-expanded', String(isOpen));
    if (!isOpen) return;
    this.place();
    this.focus(0);
    if (this.panel.childElementCount === 0) void this.refresh();
  }

  /** Below the button, within the window. */
  private place(): void {
    const { bottom, right } = this.button.getBoundingClientRect();
    this.panel.style.top = `${bottom + 4}px`;
    this.panel.style.right = `${Math.max(8, Math.min(innerWidth - right, innerWidth - this.panel.offsetWidth - 8))}px`;
  }

  private pressed(event: KeyboardEvent): void {
    // What is typed here is not meant for the page behind it.
    if (event.key !== 'Escape') event.stopPropagation();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.focus((this.focusedPlace() ?? -1) + step);
  }

  private clicked(target: Element): void {
    const button = target.closest('button');
    if (!button) return;
    const { readUid, readEvent } = button.dataset;
    if ('readAll' in button.dataset) void this.markRead({});
    else if (readUid) void this.markRead({ uid: readUid });
    else if (readEvent) void this.markRead({ event: readEvent });
  }

  private async markRead(which: Record<string, string>): Promise<void> {
    const panel = this.panel.querySelector<HTMLElement>('.notifications');
    if (!panel?.dataset.readUrl) return;
    try {
      await fetch(panel.dataset.readUrl, {
        method: 'POST',
        credentials: 'same-origin',
        redirect: 'manual',
        headers: { 'X-CSRFToken': panel.dataset.csrfToken ?? '', 'X-Requested-With': 'XMLHttpRequest' },
        body: new URLSearchParams(which),
      });
    } catch {
      return; // it stays unread, which is what the panel shows
    }
    await this.refresh();
  }

  private links(): HTMLElement[] {
    return [...this.panel.querySelectorAll<HTMLElement>('.notification-link')];
  }

  /** Which of the lines holds the focus. */
  private focusedPlace(): number | undefined {
    const focused = document.activeElement?.closest('.notification');
    const place = this.links().findIndex((link) => link.parentElement === focused);
    if (place >= 0) return place;
    return this.isOpen && this.panel.contains(document.activeElement) ? 0 : undefined;
  }

  private focus(place: number): void {
    const links = this.links();
    const link = links[Math.max(0, Math.min(place, links.length - 1))];
    (link ?? this.panel.querySelector<HTMLElement>('a'))?.focus();
  }
}

function unreadWords(count: number): string {
  return count === 1 ? '1 unread' : `${count > 99 ? 'more than 99' : count} unread`;
}
