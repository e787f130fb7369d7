/** The panels beside the images, one at a time: measurements, notes and whatever else belongs to the study. */

import { element, setAttribute, setText } from './dom';
import { icon, type IconName } from './icons';

export interface SidePanel {
  id: string;
  label: string;
  icon: IconName;
  element: HTMLElement;
}

interface Entry extends SidePanel {
  tab: HTMLButtonElement;
  count: HTMLElement;
}

export class SidePanels {
  readonly element: HTMLElement;
  private readonly tabs = element('div', {
    class: 'viewer-side-tabs',
    role: 'tablist',
    'aria-label': 'Panels',
  });
  private readonly entries = new Map<string, Entry>();
  private shown: string | undefined;

  constructor(private readonly changed: () => void) {
    this.element = element(
      'aside',
      { class: 'viewer-side', 'aria-label': 'Panels', hidden: true },
      this.tabs,
    );
    this.tabs.addEventListener('keydown', (event) => this.moveBetweenTabs(event));
  }

  /** The panel comes hidden; whoever adds it gives the reader a command that toggles it. */
  add(panel: SidePanel): void {
    const count = element('span', { class: 'viewer-side-count', hidden: true });
    const tab = element(
      'button',
      {
        type: 'button',
        class: 'viewer-side-tab',
        role: 'tab',
        id: `viewer-tab-${panel.id}`,
        'aria-controls': `viewer-panel-${panel.id}`,
        title: panel.label,
      },
      icon(panel.icon, 16),
      element('span', { class: 'viewer-side-label' }, panel.label),
      count,
    );
    tab.addEventListener('click', () => this.open(panel.id));
    setAttribute(panel.element, 'id', `viewer-panel-${panel.id}`);
    setAttribute(panel.element, 'role', 'tabpanel');
    setAttribute(panel.element, 'aria-labelledby', tab.id);
    panel.element.classList.add('viewer-side-panel');
    panel.element.hidden = true;
    this.entries.set(panel.id, { ...panel, tab, count });
    this.tabs.append(tab);
    this.element.append(panel.element);
  }

  isOpen(id: string): boolean {
    return this.shown === id;
  }

  toggle(id: string): void {
    if (this.isOpen(id)) this.close();
    else this.open(id);
  }

  open(id: string): void {
    if (this.entries.has(id)) this.show(id);
  }

  close(): void {
    this.show(undefined);
  }

  /** How much a panel holds, on its tab. */
  setCount(id: string, count: number): void {
    const target = this.entries.get(id)?.count;
    if (!target) return;
    target.hidden = count === 0;
    setText(target, String(count));
  }

  private show(id: string | undefined): void {
    this.shown = id;
    this.element.hidden = id === undefined;
    setAttribute(this.element, 'data-panel', id);
    for (const [key, { tab, element: panel }] of this.entries) {
      panel.hidden = key !== id;
      setAttribute(tab, 'aria-selected', String(key === id));
      tab.tabIndex = key === id ? 0 : -1;
    }
    this.changed();
  }

  private moveBetweenTabs(event: KeyboardEvent): void {
    const delta = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (delta === undefined) return;
    const ids = [...this.entries.keys()];
    const next = ids[(ids.indexOf(this.shown ?? '') + delta + ids.length) % ids.length];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.open(next);
    this.entries.get(next)?.tab.focus();
  }
}
