/** The row of tools: a button for each command that has one, in groups. */

import { CommandButton } from './commandButton';
import { element } from './dom';
import { Menu } from './menu';
import { buttonMenus, buttonPlaces, type ButtonMenu, type ButtonPlace, type Command } from './shortcuts';

export class Toolbar {
  readonly element: HTMLElement;
  /** The measuring tools, left of the images. */
  readonly measuring = palette(buttonPlaces.measure, 'viewer-measuring');
  /** What opens the panels, right of the images. */
  readonly panels = palette(buttonPlaces.panels, 'viewer-rail');
  /** What concerns the page as a whole, above the tool bar. */
  readonly page = group(buttonPlaces.page);
  private readonly groups = new Map<ButtonPlace, HTMLElement>();
  private readonly buttons: CommandButton[] = [];
  private readonly menus = new Map<ButtonMenu, { menu: Menu; items: CommandButton[] }>();

  constructor() {
    this.element = element('div', {
      class: 'viewer-toolbar',
      role: 'toolbar',
      'aria-label': 'Viewer tools',
      'aria-orientation': 'horizontal',
    });
    const elsewhere: Partial<Record<string, HTMLElement>> = {
      measure: this.measuring,
      panels: this.panels,
      page: this.page,
    };
    for (const [place, label] of Object.entries(buttonPlaces) as [ButtonPlace, string][]) {
      const own = elsewhere[place] ?? group(label);
      this.groups.set(place, own);
      if (!elsewhere[place]) this.element.append(own);
    }
  }

  /** Makes the buttons; called once, when all commands are known. */
  use(commands: readonly Command[]): void {
    for (const command of commands) {
      if (!command.button) continue;
      const button = new CommandButton(command);
      this.buttons.push(button);
      const { place, menu } = command.button;
      if (menu) this.addToMenu(menu, place, button);
      else this.add(place, button.element);
    }
  }

  /** Puts another control, such as a menu, behind what is in a group already. */
  add(place: ButtonPlace, control: HTMLElement): void {
    this.groups.get(place)?.append(control);
  }

  refresh(): void {
    for (const button of this.buttons) button.refresh();
    for (const [name, { menu, items }] of this.menus) {
      const chosen = items.map((item) => item.chosenText).find((text) => text !== undefined);
      menu.caption = chosen ?? buttonMenus[name].unchosen;
      menu.enabled = items.some((item) => !item.element.disabled);
    }
    for (const group of this.groups.values()) {
      group.hidden = ![...group.children].some((child) => child instanceof HTMLElement && !child.hidden);
    }
  }

  private addToMenu(name: ButtonMenu, place: ButtonPlace, button: CommandButton): void {
    let entry = this.menus.get(name);
    if (!entry) {
      const { label, icon } = buttonMenus[name];
      entry = { menu: new Menu(name, label, icon), items: [] };
      this.menus.set(name, entry);
      this.add(place, entry.menu.element);
    }
    const { menu, items } = entry;
    items.push(button);
    menu.panel.append(button.element);
    // A choice is made once, an action may be wanted again.
    if (button.isChoice) button.element.addEventListener('click', () => menu.close());
  }
}

function group(label: string): HTMLElement {
  return element('div', { class: 'viewer-tools', role: 'group', 'aria-label': label, hidden: true });
}

function palette(label: string, name: string): HTMLElement {
  return element('div', {
    class: `viewer-palette ${name}`,
    role: 'toolbar',
    'aria-label': label,
    'aria-orientation': 'vertical',
    hidden: true,
  });
}
