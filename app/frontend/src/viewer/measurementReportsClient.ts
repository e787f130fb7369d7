/** Exchange of structured reports with the server. */

import { HttpError } from '../dicomweb/errors';
import type { ImportResult, ListedReport } from '../study/measurementReport';
import { detailOf, type OwnRequests } from './ownRequests';

/** The server says why it does not; the text is for the reader. */
export class RefusedError extends Error {}

interface WrittenReport {
  sop_instance_uid: string;
  title: string;
  made_at: string;
  maker: string;
  has_measurements: boolean;
}

const tooLarge = 413;
const troubleText = 'The server could not do it. Try again; your measurements are kept.';

export class MeasurementReportsClient {
  constructor(
    private readonly url: string,
    private readonly requests: OwnRequests,
  ) {}

  async list(): Promise<readonly ListedReport[]> {
    const response = await this.exchange(`${this.url}s`, 'GET');
    const { reports } = (await response.json()) as { reports: readonly WrittenReport[] };
    return reports.map((report) => ({
      uid: report.sop_instance_uid,
      title: report.title,
      madeAt: report.made_at,
      maker: report.maker,
      hasMeasurements: report.has_measurements,
    }));
  }

  /** The report as a file with its name, and how many measurements it leaves out. */
  async export(): Promise<{ file: File; leftOut: number }> {
    const response = await this.exchange(this.url, 'GET');
    const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
    const content = await response.blob();
    return {
      file: new File([content], name ?? 'measurements.dcm', { type: 'application/dicom' }),
      leftOut: Number(response.headers.get('X-Left-Out') ?? 0),
    };
  }

  /** Stores a report in the study; returns how many measurements it leaves out. */
  async save(): Promise<number> {
    const response = await this.exchange(this.url, 'POST');
    return ((await response.json()) as { leftOut: number }).leftOut;
  }

  async import(report: File | string): Promise<ImportResult> {
    const form = new FormData();
    if (typeof report === 'string') form.set('sopInstanceUid', report);
    else form.set('file', report);
    const response = await this.exchange(`${this.url}s/import`, 'POST', form);
    return (await response.json()) as ImportResult;
  }

  private async exchange(url: string, method: string, body?: FormData): Promise<Response> {
    try {
      const response = await this.requests.send(method, url, body);
      if (response.ok) return response;
      throw new RefusedError(detailOf(await response.text()) ?? troubleText);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.status === tooLarge) throw new RefusedError('The file is larger than the server takes.');
      throw new RefusedError(error.detail ?? troubleText);
    }
  }
}
