/** Which presentation of the image is shown, and what of it: the contents of the tool bar's menu. */

import { element } from './dom';
import { icon } from './icons';

export interface PresentationChoice {
  uid: string;
  label: string;
  detail: string;
  /** What of it cannot be shown. */
  limits: string | undefined;
  isSupported: boolean;
}

export interface PlaneChoice {
  group: number;
  name: string;
  colour: string;
  isShown: boolean;
}

export interface PresentationMenuContent {
  choices: readonly PresentationChoice[];
  chosen: string | undefined;
  planes: readonly PlaneChoice[];
  maySave: boolean;
  /** Why it cannot be saved just now. */
  notSaved: string | undefined;
}

export interface PresentationMenuEvents {
  choose(uid: string | undefined): void;
  togglePlane(group: number): void;
  save(): void;
}

export class PresentationMenu {
  readonly element = element('div', { class: 'viewer-presentations' });

  constructor(private readonly events: PresentationMenuEvents) {}

  show({ choices, chosen, planes, maySave, notSaved }: PresentationMenuContent): void {
    this.element.replaceChildren(
      element('h2', {}, 'Presentation'),
      this.choiceButton('As stored', 'Window, turn and size of the image itself', chosen === undefined, () =>
        this.events.choose(undefined),
      ),
      ...choices.map((choice) => this.state(choice, choice.uid === chosen)),
      ...(choices.length === 0 ? [element('p', {}, 'No presentation was saved for this image.')] : []),
      ...(planes.length > 0
        ? [element('h2', {}, 'Overlays'), ...planes.map((plane) => this.plane(plane))]
        : []),
      ...(maySave ? [this.saveButton(notSaved)] : []),
    );
  }

  private state(
    { uid, label, detail, limits, isSupported }: PresentationChoice,
    isChosen: boolean,
  ): HTMLElement {
    const words = [detail, limits].filter(Boolean).join(' · ');
    const button = this.choiceButton(label, words, isChosen, () => this.events.choose(uid));
    button.disabled = !isSupported;
    return button;
  }

  private choiceButton(label: string, detail: string, isChosen: boolean, run: () => void): HTMLButtonElement {
    const button = element(
      'button',
      { type: 'button', class: 'viewer-choice', 'aria-pressed': String(isChosen) },
      element('span', { class: 'viewer-choice-label' }, label),
      element('span', { class: 'viewer-choice-detail' }, detail),
    );
    button.addEventListener('click', run);
    return button;
  }

  private plane({ group, name, colour, isShown }: PlaneChoice): HTMLElement {
    const box = element('input', { type: 'checkbox', checked: isShown, 'data-group': group });
    box.addEventListener('change', () => this.events.togglePlane(group));
    const swatch = element('span', { class: 'viewer-swatch' });
    swatch.style.backgroundColor = colour;
    return element('label', { class: 'viewer-plane' }, box, swatch, name);
  }

  private saveButton(notSaved: string | undefined): HTMLElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-choice-save',
        disabled: notSaved !== undefined,
        title: notSaved,
      },
      icon('save', 16),
      'Save presentation …',
    );
    button.addEventListener('click', () => this.events.save());
    return button;
  }
}
