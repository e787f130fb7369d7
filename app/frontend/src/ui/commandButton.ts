/** The button of a command: it only shows state and runs the command, it decides nothing. */

import { element, setAttribute, setText } from './dom';
import { icon, type IconName } from './icons';
import { isUsable, keyLabel, labelOf, type Command } from './shortcuts';

export class CommandButton {
  readonly element: HTMLButtonElement;
  private readonly words = element('span');
  private readonly key = element('kbd');
  private picture: IconName | undefined;

  constructor(private readonly command: Command) {
    const { id, button } = command;
    const isItem = button?.menu !== undefined;
    this.element = element(
      'button',
      { type: 'button', class: isItem ? 'viewer-menu-item' : 'viewer-button', 'data-command': id },
      isItem && typeof button.icon === 'string' && icon(button.icon, 16),
      button?.text !== undefined && this.words,
      isItem && this.key,
    );
    this.element.addEventListener('click', () => command.run());
  }

  get isChoice(): boolean {
    return this.command.isPressed !== undefined;
  }

  /** What is written on it, where it is the choice that was made. */
  get chosenText(): string | undefined {
    return this.command.isPressed?.() ? this.text : undefined;
  }

  private get text(): string | undefined {
    const text = this.command.button?.text;
    return typeof text === 'function' ? text() : text;
  }

  /** Shows what the command says of itself now. */
  refresh(): void {
    const { button, isPressed, isOffered, keys } = this.command;
    const pressed = isPressed?.();
    this.element.disabled = !isUsable(this.command);
    this.element.hidden = isOffered?.() === false;
    setAttribute(this.element, 'aria-pressed', pressed === undefined ? undefined : String(pressed));
    setText(this.words, this.text ?? '');
    setText(this.key, keys[0] === undefined ? '' : keyLabel(keys[0]));
    this.key.hidden = keys.length === 0;
    this.name(button?.label?.() ?? labelOf(this.command));
    this.draw(typeof button?.icon === 'function' ? button.icon() : button?.icon);
  }

  private name(label: string): void {
    const keys = this.command.keys.map(keyLabel).join(', ');
    setAttribute(this.element, 'aria-label', label);
    setAttribute(this.element, 'title', keys ? `${label} (${keys})` : label);
  }

  private draw(picture: IconName | undefined): void {
    if (picture === undefined || picture === this.picture || this.command.button?.menu) return;
    this.picture = picture;
    this.element.replaceChildren(icon(picture));
  }
}
