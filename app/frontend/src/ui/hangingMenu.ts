/** The choice of hanging protocols and their stages, and what the reader keeps of their own. */

import { element } from './dom';
import { icon } from './icons';

export interface HangingChoice {
  protocols: readonly { id: string; name: string; isShown: boolean; fits: boolean }[];
  stages: readonly { name: string; isShown: boolean }[];
  /** The kind of study in words. */
  kind: string;
  hasOwn: boolean;
  isAutomatic: boolean;
}

export interface HangingMenuEvents {
  choose(protocolId: string): void;
  stage(index: number): void;
  keep(): void;
  forget(): void;
  setAutomatic(isAutomatic: boolean): void;
}

export function hangingMenu(choice: HangingChoice, events: HangingMenuEvents): HTMLElement {
  const fitting = choice.protocols.filter(({ fits }) => fits);
  const others = choice.protocols.filter(({ fits }) => !fits);
  return element(
    'div',
    { class: 'viewer-hanging' },
    group(
      'Fits this study',
      fitting.map(({ id, name, isShown }) => option(name, isShown, () => events.choose(id))),
    ),
    choice.stages.length > 1 &&
      group(
        'Stages (J, Shift J)',
        choice.stages.map(({ name, isShown }, index) => option(name, isShown, () => events.stage(index))),
      ),
    others.length > 0 &&
      element(
        'details',
        { class: 'viewer-hanging-others' },
        element('summary', {}, 'Other protocols'),
        ...others.map(({ id, name, isShown }) => option(name, isShown, () => events.choose(id))),
      ),
    element(
      'div',
      { class: 'viewer-hanging-own' },
      action(`Keep this layout for ${choice.kind}`, () => events.keep()),
      choice.hasOwn && action(`Forget my layout for ${choice.kind}`, () => events.forget()),
      automatic(choice.isAutomatic, (isOn) => events.setAutomatic(isOn)),
    ),
  );
}

function group(title: string, options: readonly HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: 'viewer-hanging-group', role: 'group', 'aria-label': title },
    element('h3', {}, title),
    ...options,
  );
}

function option(name: string, isShown: boolean, run: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button viewer-hanging-option', 'aria-pressed': String(isShown) },
    name,
  );
  button.addEventListener('click', run);
  return button;
}

function action(label: string, run: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button viewer-hanging-option' },
    icon('grid', 14),
    label,
  );
  button.addEventListener('click', run);
  return button;
}

function automatic(isOn: boolean, change: (isOn: boolean) => void): HTMLElement {
  const box = element('input', { type: 'checkbox' });
  box.checked = isOn;
  box.addEventListener('change', () => change(box.checked));
  return element('label', { class: 'viewer-hanging-automatic' }, box, 'Lay out studies as they open');
}
