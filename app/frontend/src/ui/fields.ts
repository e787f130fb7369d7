/** The fields of a form in the viewer: each shows a value and says when the reader changes it. */

import { element, setAttribute } from './dom';

export interface Field<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

let made = 0;

/** One of a few words, all of them in sight. */
export function choiceField<T extends string>(
  label: string,
  options: readonly (readonly [value: T, label: string])[],
  chosen: (value: T) => void,
): Field<T> {
  made += 1;
  const name = `viewer-choice-${made}`;
  const inputs = options.map(([value]) =>
    element('input', { type: 'radio', name, value, id: `${name}-${value}` }),
  );
  inputs.forEach((input, position) => {
    input.addEventListener('change', () => {
      const option = options[position];
      if (option) chosen(option[0]);
    });
  });
  const segments = options.map(([value, words], position) =>
    element('label', { class: 'viewer-segment', for: `${name}-${value}` }, inputs[position], words),
  );
  return {
    element: element(
      'div',
      { class: 'viewer-field', role: 'radiogroup', 'aria-label': label },
      element('span', { class: 'viewer-field-label' }, label),
      element('span', { class: 'viewer-segments' }, ...segments),
    ),
    show: (value) => {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/** One of many words, in a list that opens. */
export function selectField(
  label: string,
  options: readonly (readonly [value: string, label: string])[],
  chosen: (value: string) => void,
): Field<string> {
  const select = element(
    'select',
    { class: 'viewer-input viewer-select', 'aria-label': label },
    ...options.map(([value, words]) => element('option', { value }, words)),
  );
  select.addEventListener('change', () => chosen(select.value));
  return {
    element: labelled(label, select),
    show: (value) => {
      select.value = value;
    },
  };
}

export function checkField(label: string, changed: (checked: boolean) => void): Field<boolean> {
  const input = element('input', { type: 'checkbox', class: 'viewer-check' });
  input.addEventListener('change', () => changed(input.checked));
  return {
    element: element(
      'label',
      { class: 'viewer-field viewer-field-check' },
      input,
      element('span', {}, label),
    ),
    show: (value) => {
      input.checked = value;
    },
  };
}

export interface NumberLimits {
  least: number;
  most: number;
  step?: number;
}

/** A number; one that cannot be used stays in the field, marked, and is not taken. */
export function numberField(
  label: string,
  { least, most, step = 1 }: NumberLimits,
  changed: (value: number) => void,
): Field<number> {
  const input = element('input', {
    type: 'number',
    class: 'viewer-input viewer-number',
    min: least,
    max: most,
    step,
    'aria-label': label,
  });
  input.addEventListener('input', () => {
    const isValid = input.validity.valid && Number.isFinite(input.valueAsNumber);
    setAttribute(input, 'aria-invalid', !isValid && 'true');
    input.title = isValid ? '' : `A number from ${least} to ${most}`;
    if (isValid) changed(input.valueAsNumber);
  });
  return {
    element: labelled(label, input),
    show: (value) => {
      if (document.activeElement !== input) input.value = String(value);
    },
  };
}

function labelled(label: string, control: HTMLElement): HTMLElement {
  return element(
    'label',
    { class: 'viewer-field' },
    element('span', { class: 'viewer-field-label' }, label),
    control,
  );
}
