/** The archive's DICOMweb services (PS3.18) as the viewer uses them. */

import { getBytes, getJson, type RetryPolicy } from './http';
import type { DicomObject } from './json';
import { firstPart, type Part } from './multipart';

const jsonType = 'application/dicom+json';
const frameType = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
const decodedFrameType =
  'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const bulkType = 'multipart/related; type="application/octet-stream"';

/** A UID holds digits and dots only (PS3.5 section 9.1); those that break the rule must not break the path. */
function uid(value: string): string {
  return encodeURIComponent(value);
}

export class DicomWebClient {
  constructor(
    private readonly root: string,
    private readonly retry?: RetryPolicy,
  ) {}

  /** The study's own attributes; undefined when the archive has no such study for this user. */
  async study(studyUid: string): Promise<DicomObject | undefined> {
    const [found] = await this.objects(`/studies?StudyInstanceUID=${uid(studyUid)}`);
    return found;
  }

  seriesOf(studyUid: string): Promise<DicomObject[]> {
    return this.objects(`/studies/${uid(studyUid)}/series`);
  }

  seriesMetadata(studyUid: string, seriesUid: string, signal?: AbortSignal): Promise<DicomObject[]> {
    return this.objects(`${this.seriesPath(studyUid, seriesUid)}/metadata`, signal);
  }

  thumbnailUrl(studyUid: string, seriesUid: string): string {
    return `${this.root}${this.seriesPath(studyUid, seriesUid)}/thumbnail`;
  }

  frameUrl(studyUid: string, seriesUid: string, instanceUid: string, frame: number): string {
    const instance = `${this.seriesPath(studyUid, seriesUid)}/instances/${uid(instanceUid)}`;
    return `${this.root}${instance}/frames/${frame}`;
  }

  /** The bytes of one frame: in the transfer syntax that they are stored in, or decoded by the archive. */
  async frame(url: string, signal?: AbortSignal, decoded = false): Promise<Part> {
    const accept = decoded ? decodedFrameType : frameType;
    const { value, contentType } = await getBytes(url, { accept, signal, ...this.retryOption() });
    return firstPart(value, contentType);
  }

  /** A value that the metadata left out because of its size. */
  async bulkData(url: string, signal?: AbortSignal): Promise<Uint8Array> {
    const { value, contentType } = await getBytes(url, { accept: bulkType, signal, ...this.retryOption() });
    return firstPart(value, contentType).bytes;
  }

  private seriesPath(studyUid: string, seriesUid: string): string {
    return `/studies/${uid(studyUid)}/series/${uid(seriesUid)}`;
  }

  private async objects(path: string, signal?: AbortSignal): Promise<DicomObject[]> {
    const body = await getJson(this.root + path, { accept: jsonType, signal, ...this.retryOption() });
    return Array.isArray(body) ? (body as DicomObject[]) : [];
  }

  private retryOption(): { retry?: RetryPolicy } {
    return this.retry ? { retry: this.retry } : {};
  }
}
