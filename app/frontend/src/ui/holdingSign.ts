/** Who holds the study: a few words in the bar at the top, and a line over the images where it is somebody else. */

import type { HoldingDeed, HoldingWords } from '../study/holding';
import { element, setText } from './dom';
import { icon } from './icons';

export class HoldingSign {
  readonly tag = element('div', { class: 'viewer-holding', hidden: true });
  readonly warning = element('div', { class: 'viewer-holding-warning', role: 'alert', hidden: true });
  private readonly words = element('span', { class: 'viewer-holding-words', role: 'status' });
  /** What the reader has seen and chose to read on with. */
  private readOnly: string | undefined;

  constructor(private readonly act: (deed: HoldingDeed) => void) {
    this.tag.append(this.words);
  }

  show({ tag, warning }: HoldingWords): void {
    this.tag.hidden = tag === undefined;
    this.tag.classList.toggle('is-warning', tag?.isWarning ?? false);
    setText(this.words, tag?.text ?? '');
    this.tag.title = tag?.title ?? '';
    this.tag.replaceChildren(this.words, ...(tag?.deed ? [this.button(tag.deed.label, tag.deed.deed)] : []));
    if (warning === undefined) this.readOnly = undefined;
    this.warn(warning === this.readOnly ? undefined : warning);
  }

  private warn(text: string | undefined): void {
    this.warning.hidden = text === undefined;
    if (text === undefined) {
      this.warning.replaceChildren();
      return;
    }
    if (this.warning.textContent.startsWith(text)) return;
    const readOn = element(
      'button',
      { type: 'button', class: 'viewer-button viewer-banner-action' },
      'Read only',
    );
    readOn.addEventListener('click', () => {
      this.readOnly = text;
      this.warn(undefined);
    });
    this.warning.replaceChildren(
      icon('warning', 16),
      element('span', {}, text),
      this.button('Take over', 'take_over', 'viewer-banner-action'),
      readOn,
    );
  }

  private button(label: string, deed: HoldingDeed, extra = 'viewer-holding-button'): HTMLButtonElement {
    const made = element('button', { type: 'button', class: `viewer-button ${extra}` }, label);
    made.addEventListener('click', () => {
      this.act(deed);
    });
    return made;
  }
}
