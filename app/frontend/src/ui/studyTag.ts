/** Which study an image is of, written on it as soon as more than one is on the screen. */

import { element, setAttribute, setText } from './dom';

export interface StudyMark {
  isPrior: boolean;
  date: string;
  /** How much earlier or later than the study that is read. */
  interval: string;
}

export class StudyTag {
  readonly element = element('div', { class: 'viewer-study-tag', hidden: true });

  show(mark: StudyMark | undefined): void {
    this.element.hidden = mark === undefined;
    if (!mark) return;
    const { isPrior, date, interval } = mark;
    setAttribute(this.element, 'data-study', isPrior ? 'prior' : 'current');
    const words = [isPrior ? 'PRIOR' : 'CURRENT', date || 'no date', isPrior && interval];
    setText(this.element, words.filter(Boolean).join(' · '));
  }
}
