/** Measurements out of the viewer as a structured report, and in again. */

import { ConnectionError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import { leftOutText, summaryOf, type ListedReport } from '../study/measurementReport';
import { ImportDialog } from '../ui/importDialog';
import { ReportBar } from '../ui/reportBar';
import type { Viewer } from './feature';
import { MeasurementReportsClient, RefusedError } from './measurementReportsClient';

export interface MeasurementsOnServer {
  /** Sends what is not saved yet; whether the server has all of it now. */
  saveAll(): Promise<boolean>;
  /** Reads anew what the server has. */
  reload(): Promise<void>;
}

const unsavedText = 'Some measurements are not saved yet. Try again once they are.';

export class MeasurementReports {
  readonly bar: ReportBar;
  private readonly client: MeasurementReportsClient;
  private readonly dialog: ImportDialog;
  private reports: readonly ListedReport[] = [];
  /** Counts what was asked for: a list that comes late must not cover what an import said. */
  private asked = 0;

  constructor(
    private readonly viewer: Viewer,
    private readonly kept: MeasurementsOnServer,
  ) {
    const { settings, requests } = viewer;
    this.client = new MeasurementReportsClient(settings.measurementReportUrl, requests);
    this.bar = new ReportBar(
      {
        exportFile: () => void this.exportFile(),
        save: () => void this.save(),
        import: () => void this.choose(),
      },
      settings.mayAnnotate,
    );
    this.dialog = new ImportDialog({ chosen: (report) => void this.import(report) });
    viewer.page.addDialog(this.dialog.element);
  }

  private exportFile(): Promise<void> {
    return this.attempt('Exporting …', async () => {
      const { file, leftOut } = await this.client.export();
      download(file);
      return `Exported as ${file.name}${leftOutText(leftOut)}`;
    });
  }

  private save(): Promise<void> {
    return this.attempt('Saving the report …', async () => {
      const leftOut = await this.client.save();
      return `Saved to the study as a structured report${leftOutText(leftOut)}`;
    });
  }

  /** A report holds what the server has: what was drawn a moment ago goes there first. */
  private async attempt(progress: string, run: () => Promise<string>): Promise<void> {
    this.bar.showProgress(progress);
    try {
      if (!(await this.kept.saveAll())) throw new RefusedError(unsavedText);
      this.bar.showDone(await run());
    } catch (error) {
      this.bar.showFailure(this.reason(error));
    }
  }

  private async choose(): Promise<void> {
    this.dialog.open();
    this.reports = [];
    const asked = ++this.asked;
    try {
      this.reports = await this.client.list();
      if (asked === this.asked) this.dialog.showReports(this.reports);
    } catch (error) {
      const reason = this.reason(error);
      if (asked === this.asked) this.dialog.showFailure(reason, []);
    }
  }

  private async import(report: File | string): Promise<void> {
    this.asked += 1;
    this.dialog.showProgress('Importing …');
    try {
      if (!(await this.kept.saveAll())) throw new RefusedError(unsavedText);
      const result = await this.client.import(report);
      await this.kept.reload();
      this.bar.showDone(summaryOf(result).replace(/ ?Not everything.*$/, ''));
      this.dialog.showResult(result);
    } catch (error) {
      this.dialog.showFailure(this.reason(error), this.reports);
    }
  }

  private reason(error: unknown): string {
    this.viewer.noteSession(error);
    if (error instanceof RefusedError) return error.message;
    if (error instanceof SignedOutError) return 'Sign in again, then try once more.';
    if (error instanceof NotFoundError) return 'The study is not there any more.';
    if (error instanceof ConnectionError) return 'The server cannot be reached. Try again in a moment.';
    throw error;
  }
}

function download(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(url);
}
