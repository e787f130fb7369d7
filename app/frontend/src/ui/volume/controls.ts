/** The controls of the bar over a volume: choices, numbers with a slider, lists. */

import { element, setAttribute, setText } from '../dom';
import { icon, type IconName } from '../icons';

export interface Option {
  id: string;
  label: string;
  icon?: IconName;
  key?: string;
}

export function barGroup(label: string, ...children: (HTMLElement | string)[]): HTMLElement {
  return element('div', { class: 'viewer-tools', role: 'group', 'aria-label': label }, ...children);
}

/** A tool bar of two rows that keeps its height whatever is chosen. */
export function barRows(label: string, ...rows: (readonly HTMLElement[])[]): HTMLElement {
  return element(
    'div',
    { class: 'viewer-volume-bar', role: 'toolbar', 'aria-label': label },
    ...rows.map((children) => element('div', { class: 'viewer-volume-row' }, ...children)),
  );
}

export function barButton(
  label: string,
  picture: IconName,
  run: () => void,
  key?: string,
): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button', 'aria-label': label, title: key ? `${label} (${key})` : label },
    icon(picture),
  );
  button.addEventListener('click', run);
  return button;
}

/** Buttons of which one is pressed. */
export class Choice {
  readonly element: HTMLElement;
  private readonly buttons: readonly (readonly [string, HTMLButtonElement])[];

  constructor(label: string, options: readonly Option[], choose: (id: string) => void) {
    this.buttons = options.map(({ id, label: name, icon: picture, key }) => {
      const title = key ? `${name} (${key})` : name;
      const button = element(
        'button',
        { type: 'button', class: 'viewer-button', 'aria-label': name, title, 'aria-pressed': 'false' },
        picture ? icon(picture) : name,
      );
      button.addEventListener('click', () => choose(id));
      return [id, button] as const;
    });
    this.element = barGroup(label, ...this.buttons.map(([, button]) => button));
  }

  show(chosen: string | undefined): void {
    for (const [id, button] of this.buttons) setAttribute(button, 'aria-pressed', String(id === chosen));
  }
}

export interface NumberLimits {
  least: number;
  most: number;
  step: number;
  unit: string;
}

/** A number to be typed, and a slider for it. */
export class NumberSlider {
  readonly element: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly number: HTMLInputElement;

  constructor(
    label: string,
    private readonly limits: NumberLimits,
    change: (value: number) => void,
  ) {
    const { least, most, step, unit } = limits;
    const range = { min: least, max: most, step };
    this.slider = element('input', {
      type: 'range',
      class: 'viewer-rate-slider',
      'aria-label': label,
      ...range,
    });
    this.number = element('input', {
      type: 'number',
      class: 'viewer-input viewer-volume-number',
      'aria-label': `${label} in ${unit || 'numbers'}`,
      inputmode: 'decimal',
      ...range,
    });
    this.slider.addEventListener('input', () => change(this.slider.valueAsNumber));
    this.number.addEventListener('change', () => change(this.read()));
    this.element = element(
      'label',
      { class: 'viewer-volume-field' },
      element('span', {}, label),
      this.slider,
      this.number,
      element('span', { class: 'viewer-volume-unit' }, unit),
    );
  }

  show(value: number, isEnabled = true): void {
    const text = String(Number(value.toFixed(2)));
    if (this.slider.value !== text) this.slider.value = text;
    if (document.activeElement !== this.number) this.number.value = text;
    this.slider.disabled = !isEnabled;
    this.number.disabled = !isEnabled;
  }

  /** What was typed, held within the limits; what is no number changes nothing. */
  private read(): number {
    const { least, most } = this.limits;
    const typed = this.number.valueAsNumber;
    const value = Number.isFinite(typed) ? Math.min(most, Math.max(least, typed)) : this.slider.valueAsNumber;
    this.number.value = String(value);
    return value;
  }
}

/** A list of which one entry is chosen. */
export class Picker {
  readonly element: HTMLElement;
  private readonly select: HTMLSelectElement;

  constructor(label: string, choose: (id: string) => void) {
    this.select = element('select', {
      class: 'viewer-input viewer-volume-select',
      'aria-label': label,
      title: label,
    });
    this.select.addEventListener('change', () => choose(this.select.value));
    this.element = element(
      'label',
      { class: 'viewer-volume-field' },
      element('span', {}, label),
      this.select,
    );
  }

  offer(options: readonly { id: string; label: string }[]): void {
    this.select.replaceChildren(...options.map(({ id, label }) => element('option', { value: id }, label)));
    this.element.hidden = options.length < 2;
  }

  show(id: string): void {
    this.select.value = id;
  }
}

/** Words that change, read out when they do. */
export class Readout {
  readonly element = element('output', { class: 'viewer-volume-readout' });

  show(text: string): void {
    setText(this.element, text);
  }
}
