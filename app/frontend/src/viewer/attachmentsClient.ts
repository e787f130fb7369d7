/** Exchange of attachments with the server. */

import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Attachment } from '../study/remarks';
import type { AttachmentChoices, NewFile } from '../ui/attachmentsPanel';
import { detailOf, type OwnRequests } from './ownRequests';

export interface AttachmentList extends AttachmentChoices {
  attachments: readonly Attachment[];
}

export interface UploadOptions {
  uid: string;
  label: NewFile;
  signal: AbortSignal;
  progressed: (part: number) => void;
}

export class AttachmentsClient {
  constructor(
    private readonly url: string,
    private readonly requests: Pick<OwnRequests, 'send'>,
    private readonly csrfToken: () => string,
  ) {}

  async list(): Promise<AttachmentList> {
    const response = await this.requests.send('GET', this.url);
    return (await response.json()) as AttachmentList;
  }

  async remove(uid: string): Promise<void> {
    await this.requests.send('DELETE', `${this.url}/${uid}`);
  }

  async restore(uid: string): Promise<void> {
    await this.requests.send('POST', `${this.url}/${uid}/restore`);
  }

  fileUrl(uid: string): string {
    return `${this.url}/${uid}/file`;
  }

  previewUrl(uid: string): string {
    return `${this.url}/${uid}/preview`;
  }

  /** Sends a file as it is read from the disk; `fetch` would not tell how far it is. */
  upload(file: File, { uid, label, signal, progressed }: UploadOptions): Promise<void> {
    const request = new XMLHttpRequest();
    request.open('PUT', `${this.url}/${uid}?${new URLSearchParams({ ...label }).toString()}`);
    const headers = {
      Accept: 'application/json',
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      'X-Requested-With': 'XMLHttpRequest',
      'X-CSRFToken': this.csrfToken(),
    };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => request.abort());
      request.upload.addEventListener('progress', ({ loaded, total }) =>
        progressed(total ? loaded / total : 0),
      );
      request.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
      request.addEventListener('error', () => reject(new ConnectionError()));
      request.addEventListener('load', () => {
        const error = errorOf(request);
        if (error) reject(error);
        else resolve();
      });
      request.send(file);
    });
  }
}

function errorOf({ status, responseText }: XMLHttpRequest): Error | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401) return new SignedOutError();
  if (status === 404) return new NotFoundError();
  return new HttpError(status, undefined, detailOf(responseText));
}
