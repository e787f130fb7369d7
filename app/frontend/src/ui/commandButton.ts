/** The button of a command: it only shows state and runs the command, it decides nothing. */

import { element, setAttribute } from './dom';
import { icon, type IconName } from './icons';
import { keyLabel, type Command } from './shortcuts';

export class CommandButton {
  readonly element: HTMLButtonElement;
  private picture: IconName | undefined;

  constructor(private readonly command: Command) {
    const { id, button } = command;
    const isItem = button?.menu !== undefined;
    const [key] = command.keys;
    this.element = element(
      'button',
      { type: 'button', class: isItem ? 'viewer-menu-item' : 'viewer-button', 'data-command': id },
      button?.text !== undefined && element('span', {}, button.text),
      isItem && key !== undefined && element('kbd', {}, keyLabel(key)),
    );
    this.element.addEventListener('click', () => command.run());
  }

  /** What is written on it, where it is the choice that was made. */
  get chosenText(): string | undefined {
    return this.command.isPressed?.() ? this.command.button?.text : undefined;
  }

  /** Shows what the command says of itself now. */
  refresh(): void {
    const { button, isPressed, isEnabled, isOffered } = this.command;
    const pressed = isPressed?.();
    this.element.disabled = isEnabled?.() === false;
    this.element.hidden = isOffered?.() === false;
    setAttribute(this.element, 'aria-pressed', pressed === undefined ? undefined : String(pressed));
    this.name(button?.label?.() ?? this.command.label);
    this.draw(typeof button?.icon === 'function' ? button.icon() : button?.icon);
  }

  private name(label: string): void {
    const keys = this.command.keys.map(keyLabel).join(', ');
    setAttribute(this.element, 'aria-label', label);
    setAttribute(this.element, 'title', keys ? `${label} (${keys})` : label);
  }

  private draw(picture: IconName | undefined): void {
    if (picture === undefined || picture === this.picture) return;
    this.picture = picture;
    this.element.replaceChildren(icon(picture));
  }
}
