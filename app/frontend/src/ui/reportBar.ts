/** The buttons below the list of measurements: out as a structured report, into the study, and in again. */

import { element, setText } from './dom';
import { icon, type IconName } from './icons';

export interface ReportBarEvents {
  exportFile: () => void;
  save: () => void;
  import: () => void;
}

export class ReportBar {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];
  private readonly message = element('p', { class: 'viewer-reports-message', role: 'status' });

  constructor(events: ReportBarEvents, mayAnnotate: boolean) {
    this.buttons = [
      button(
        'Export',
        'Download the measurements as a DICOM structured report',
        'exportFile',
        events.exportFile,
      ),
    ];
    if (mayAnnotate) {
      const save = 'Store the measurements in the study as a DICOM structured report';
      const read = 'Take over the measurements of a DICOM structured report';
      this.buttons.push(
        button('Save to study', save, 'save', events.save),
        button('Import …', read, 'importFile', events.import),
      );
    }
    const row = element('div', {
      class: 'viewer-reports-buttons',
      role: 'group',
      'aria-label': 'Structured report',
    });
    row.append(...this.buttons);
    this.element = element('footer', { class: 'viewer-reports' }, row, this.message);
  }

  /** Says what is going on; no button works meanwhile. */
  showProgress(text: string): void {
    this.show(text, false);
    for (const each of this.buttons) each.disabled = true;
  }

  showDone(text: string): void {
    this.show(text, false);
    this.enable();
  }

  showFailure(text: string): void {
    this.show(text, true);
    this.enable();
  }

  private enable(): void {
    for (const each of this.buttons) each.disabled = false;
  }

  private show(text: string, isFailure: boolean): void {
    this.message.classList.toggle('is-failure', isFailure);
    setText(this.message, text);
  }
}

function button(label: string, title: string, picture: IconName, run: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'viewer-button', title }, icon(picture, 15), label);
  made.addEventListener('click', run);
  return made;
}
