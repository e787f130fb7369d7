/** Asks which structured report to import: one of the study, or a file; then tells what came of it. */

import { makingOf, summaryOf, type ImportResult, type ListedReport } from '../study/measurementReport';
import { element } from './dom';
import { icon } from './icons';

export interface ImportDialogEvents {
  chosen: (report: File | string) => void;
}

export class ImportDialog {
  readonly element: HTMLDialogElement;
  private readonly body = element('div', { class: 'viewer-import-body', 'aria-live': 'polite' });
  private readonly file = element('input', {
    type: 'file',
    accept: '.dcm,.dicom,application/dicom',
    'aria-label': 'Structured report from a file',
    hidden: true,
  });
  private readonly fromFile = element(
    'button',
    { type: 'button', class: 'viewer-button viewer-import-file' },
    icon('importFile', 15),
    'From a file …',
  );
  private readonly done = element(
    'button',
    { type: 'button', class: 'viewer-button viewer-primary' },
    'Done',
  );

  constructor(private readonly events: ImportDialogEvents) {
    const close = element(
      'button',
      { type: 'button', class: 'viewer-button', 'aria-label': 'Close' },
      icon('close'),
    );
    for (const each of [close, this.done]) each.addEventListener('click', () => this.element.close());
    this.fromFile.addEventListener('click', () => this.file.click());
    this.file.addEventListener('change', () => {
      const [chosen] = this.file.files ?? [];
      if (chosen) this.events.chosen(chosen);
      this.file.value = '';
    });
    this.element = element(
      'dialog',
      { class: 'viewer-dialog viewer-import', 'aria-labelledby': 'viewer-import-title' },
      element(
        'header',
        { class: 'viewer-dialog-head' },
        element('h2', { id: 'viewer-import-title' }, 'Import measurements'),
        close,
      ),
      this.body,
      element('div', { class: 'viewer-dialog-actions' }, this.file, this.fromFile, this.done),
    );
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  open(): void {
    this.showProgress('Looking for the study’s structured reports …');
    this.element.showModal();
  }

  showProgress(text: string): void {
    this.setChoice(false);
    this.body.replaceChildren(element('p', { class: 'viewer-import-note' }, text));
  }

  showReports(reports: readonly ListedReport[]): void {
    this.setChoice(true);
    if (reports.length === 0) {
      const note = 'The study has no structured reports. Choose a file that holds one of this study.';
      this.body.replaceChildren(element('p', { class: 'viewer-import-note' }, note));
      return;
    }
    this.body.replaceChildren(
      element('p', { class: 'viewer-import-note' }, 'Structured reports of this study, the newest first:'),
      element('ul', { class: 'viewer-import-list' }, ...reports.map((report) => this.row(report))),
    );
  }

  /** What went wrong, and the choice again. */
  showFailure(text: string, reports: readonly ListedReport[]): void {
    this.showReports(reports);
    this.body.prepend(
      element('div', { class: 'viewer-import-failure', role: 'alert' }, icon('warning', 16), text),
    );
  }

  showResult(result: ImportResult): void {
    this.setChoice(false);
    this.done.hidden = false;
    const left = result.notUnderstood.map(({ title, reason }) =>
      element('li', {}, element('strong', {}, title), ` ${reason}`),
    );
    this.body.replaceChildren(
      element('p', { class: 'viewer-import-summary' }, summaryOf(result)),
      ...(left.length > 0 ? [element('ul', { class: 'viewer-import-left' }, ...left)] : []),
    );
    this.done.focus();
  }

  private setChoice(isOffered: boolean): void {
    this.fromFile.hidden = !isOffered;
    this.done.hidden = true;
  }

  private row(report: ListedReport): HTMLElement {
    const making = makingOf(report);
    const button = element(
      'button',
      { type: 'button', class: 'viewer-import-report', 'data-report-uid': report.uid },
      element('span', { class: 'viewer-import-title' }, report.title),
      element('span', { class: 'viewer-import-making' }, making),
      !report.hasMeasurements &&
        element('span', { class: 'viewer-import-making' }, 'Not a measurement report'),
    );
    button.addEventListener('click', () => this.events.chosen(report.uid));
    return element('li', {}, button);
  }
}
