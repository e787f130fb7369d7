/** The archive's DICOMweb services (PS3.18) as the viewer uses them. */

import { HttpError } from './errors';
import { getBytes, getJson, type RetryPolicy } from './http';
import { text, type DicomObject } from './json';
import { firstPart, type Part } from './multipart';
import { Tag } from './tags';

export const archiveRoot = '/dicom-web';
const jsonType = 'application/dicom+json';
const frameType = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
const decodedFrameType =
  'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const octets = 'application/octet-stream';
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

  seriesOf(studyUid: string, signal?: AbortSignal): Promise<DicomObject[]> {
    return this.objects(`/studies/${uid(studyUid)}/series`, signal);
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
    const accept = bulkType;
    const { value, contentType } = await getBytes(this.own(url), { accept, signal, ...this.retryOption() });
    return firstPart(value, contentType).bytes;
  }

  /** `length` bytes of such a value from `first` on, fewer where it ends: an answer may hold less than was asked for. */
  async bulkDataPart(url: string, first: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const range = { first: first + filled, last: first + length - 1 };
      const options = { accept: octets, range, signal, ...this.retryOption() };
      const part = await getBytes(this.own(url), options).catch(noneBeyondTheEnd);
      if (part === undefined || part.value.byteLength === 0) break;
      whole.set(part.value.subarray(0, length - filled), filled);
      filled += part.value.byteLength;
    }
    return whole.subarray(0, filled);
  }

  /** Where a document or a video is had as a file of its own kind (PS3.18 10.4.1.1.3). */
  renderedUrl(instance: DicomObject): string {
    const [study, series, object] = [Tag.StudyInstanceUID, Tag.SeriesInstanceUID, Tag.SOPInstanceUID].map(
      (tag) => text(instance, tag) ?? '',
    );
    return `${this.root}${this.seriesPath(study ?? '', series ?? '')}/instances/${uid(object ?? '')}/rendered`;
  }

  /** Metadata name values below the archive's own root; whoever has another one finds them there. */
  private own(url: string): string {
    const below = `${archiveRoot}/`;
    return url.startsWith(below) ? `${this.root}/${url.slice(below.length)}` : url;
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

function noneBeyondTheEnd(error: unknown): undefined {
  if (error instanceof HttpError && error.status === 416) return undefined;
  throw error;
}
