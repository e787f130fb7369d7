/** The files beside the images of one study: listed, sent, looked at, taken away; in the viewer and on their own page. */

import { HttpError, isAbort, NotFoundError } from '../dicomweb/errors';
import { sizeInWords, type Attachment } from '../study/remarks';
import { AttachmentsPanel, type NewFile } from '../ui/attachmentsPanel';
import { element } from '../ui/dom';
import { PdfView } from '../ui/pdfView';
import { PreviewDialog } from '../ui/previewDialog';
import { AttachmentsClient } from './attachmentsClient';
import { reasonFor } from './notices';
import type { OwnRequests } from './ownRequests';

const pdf = 'application/pdf';

/** What surrounds the files. */
export interface FilesPlace {
  url: string;
  requests: Pick<OwnRequests, 'send'>;
  csrfToken: () => string;
  /** How many files there are. */
  counted(count: number): void;
  /** Takes note of what failed where it is the session or the server. */
  noteSession(error: unknown): void;
}

export class AttachmentFiles {
  readonly panel: AttachmentsPanel;
  /** To be put where dialogs are. */
  readonly preview = new PreviewDialog();
  private readonly client: AttachmentsClient;
  private largest = Infinity;

  constructor(private readonly place: FilesPlace) {
    this.client = new AttachmentsClient(place.url, place.requests, place.csrfToken);
    this.panel = new AttachmentsPanel({
      add: (files, label) => {
        for (const file of files) void this.send(file, label, crypto.randomUUID());
      },
      preview: (attachment) => void this.look(attachment),
      hasPreview: ({ hasPreview, mediaType }) => hasPreview || mediaType === pdf,
      downloadUrl: ({ uid }) => this.client.fileUrl(uid),
      remove: (attachment) => void this.remove(attachment),
    });
  }

  async load(): Promise<void> {
    try {
      const list = await this.client.list();
      this.largest = list.largest;
      this.panel.setUp(list);
      this.panel.show(list.attachments);
      this.place.counted(list.attachments.length);
    } catch (error) {
      this.place.noteSession(error);
      this.panel.showProblem(`The files could not be listed. ${reasonFor(error)}`);
    }
  }

  /** Sent again after a lost answer under the same number, a file is still attached once. */
  private async send(file: File, label: NewFile, uid: string): Promise<void> {
    const stop = new AbortController();
    const upload = this.panel.beginUpload(file.name, () => stop.abort());
    if (file.size > this.largest) {
      upload.fail(
        `Larger than ${sizeInWords(this.largest)}, which is the most that a file may have.`,
        undefined,
      );
      return;
    }
    try {
      const progressed = (part: number): void => upload.progress(part);
      await this.client.upload(file, { uid, label, signal: stop.signal, progressed });
      upload.end();
      await this.load();
    } catch (error) {
      if (isAbort(error)) upload.end();
      else {
        this.place.noteSession(error);
        upload.fail(reasonInWords(error), () => {
          upload.end();
          void this.send(file, label, uid);
        });
      }
    }
  }

  private async remove(attachment: Attachment): Promise<void> {
    if (!(await this.attempt(() => this.client.remove(attachment.uid)))) return;
    this.panel.offerUndo(() => void this.attempt(() => this.client.restore(attachment.uid)));
  }

  private async attempt(change: () => Promise<void>): Promise<boolean> {
    try {
      await change();
    } catch (error) {
      this.place.noteSession(error);
      // What is gone already is what the reader wanted.
      if (!(error instanceof NotFoundError)) {
        this.panel.showProblem(reasonInWords(error));
        return false;
      }
    }
    await this.load();
    return true;
  }

  private async look({ uid, name, mediaType }: Attachment): Promise<void> {
    try {
      await this.preview.open(name, () =>
        mediaType === pdf ? pages(name, this.client.fileUrl(uid)) : picture(this.client.previewUrl(uid)),
      );
    } catch (error) {
      this.place.noteSession(error);
      this.preview.showProblem(`The file cannot be shown here; download it. ${reasonInWords(error)}`);
    }
  }
}

async function pages(name: string, url: string): Promise<{ element: HTMLElement; close: () => void }> {
  const { openPdf } = await import('../documents/pdf');
  const view = new PdfView(name, url, await openPdf(url));
  await view.start();
  return { element: view.element, close: () => view.close() };
}

async function picture(url: string): Promise<{ element: HTMLElement }> {
  const image = element('img', { class: 'viewer-preview-picture', alt: 'The attached image', src: url });
  await image.decode().catch(() => {
    throw new HttpError(0, undefined, 'The image may be damaged or too large.');
  });
  return { element: image };
}

function reasonInWords(error: unknown): string {
  return error instanceof HttpError && error.detail ? error.detail : reasonFor(error);
}
