/** The row of tools: a button for each command that has one, in groups. */

import { CommandButton } from './commandButton';
import { element } from './dom';
import { buttonPlaces, type ButtonPlace, type Command } from './shortcuts';

export class Toolbar {
  readonly element: HTMLElement;
  /** The measuring tools, which have a place of their own beside the image. */
  readonly measuring = element('div', {
    class: 'viewer-palette',
    role: 'toolbar',
    'aria-label': buttonPlaces.measure,
    'aria-orientation': 'vertical',
    hidden: true,
  });
  private readonly groups = new Map<ButtonPlace, HTMLElement>();
  private readonly buttons: CommandButton[] = [];

  constructor() {
    this.element = element('div', {
      class: 'viewer-toolbar',
      role: 'toolbar',
      'aria-label': 'Viewer tools',
      'aria-orientation': 'horizontal',
    });
    for (const [place, label] of Object.entries(buttonPlaces) as [ButtonPlace, string][]) {
      if (place === 'measure') {
        this.groups.set(place, this.measuring);
        continue;
      }
      const group = element('div', {
        class: 'viewer-tools',
        role: 'group',
        'aria-label': label,
        hidden: true,
      });
      this.groups.set(place, group);
      this.element.append(group);
    }
  }

  /** Makes the buttons; called once, when all commands are known. */
  use(commands: readonly Command[]): void {
    for (const command of commands) {
      if (!command.button) continue;
      const button = new CommandButton(command);
      this.buttons.push(button);
      this.add(command.button.place, button.element);
    }
  }

  /** Puts another control, such as a menu, behind what is in a group already. */
  add(place: ButtonPlace, control: HTMLElement): void {
    this.groups.get(place)?.append(control);
  }

  refresh(): void {
    for (const button of this.buttons) button.refresh();
    for (const group of this.groups.values()) {
      group.hidden = ![...group.children].some((child) => child instanceof HTMLElement && !child.hidden);
    }
  }
}
