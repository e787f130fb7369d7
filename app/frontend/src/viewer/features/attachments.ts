/** Files beside the images: referrals, consents, earlier reports. */

import { HttpError, isAbort, NotFoundError } from '../../dicomweb/errors';
import { sizeInWords, type Attachment } from '../../study/remarks';
import { AttachmentsPanel } from '../../ui/attachmentsPanel';
import { element } from '../../ui/dom';
import { PdfView } from '../../ui/pdfView';
import { PreviewDialog } from '../../ui/previewDialog';
import { AttachmentsClient } from '../attachmentsClient';
import type { Feature, Viewer } from '../feature';
import { reasonFor } from '../notices';

const panelId = 'attachments';
const pdf = 'application/pdf';

export function attachments(viewer: Viewer): Feature {
  const files = new Files(viewer);
  const { side } = viewer.page;
  return {
    loaded: () => void files.load(),
    recovered: () => void files.load(),
    commands: [
      {
        id: 'attachments',
        label: 'Files attached to the study',
        group: 'Study',
        keys: ['Shift+t'],
        run: () => {
          side.toggle(panelId);
          if (side.isOpen(panelId)) void files.load();
        },
        button: { place: 'panels', icon: 'attachments' },
        isPressed: () => side.isOpen(panelId),
      },
    ],
  };
}

class Files {
  private readonly client: AttachmentsClient;
  private readonly panel: AttachmentsPanel;
  private readonly preview = new PreviewDialog();
  private largest = Infinity;

  constructor(private readonly viewer: Viewer) {
    const { settings, requests, page } = viewer;
    this.client = new AttachmentsClient(settings.attachmentsUrl, requests, () => settings.csrfToken);
    this.panel = new AttachmentsPanel({
      add: (files, category) => {
        for (const file of files) void this.send(file, category, crypto.randomUUID());
      },
      preview: (attachment) => void this.look(attachment),
      hasPreview: ({ hasPreview, mediaType }) => hasPreview || mediaType === pdf,
      downloadUrl: ({ uid }) => this.client.fileUrl(uid),
      remove: (attachment) => void this.remove(attachment),
    });
    page.addDialog(this.preview.element);
    page.side.add({ id: panelId, label: 'Attachments', icon: 'attachments', element: this.panel.element });
  }

  async load(): Promise<void> {
    try {
      const { attachments: found, categories, isScanned, largest } = await this.client.list();
      this.largest = largest;
      this.panel.setUp(categories, isScanned, largest);
      this.panel.show(found);
      this.viewer.page.side.setCount(panelId, found.length);
    } catch (error) {
      this.viewer.noteSession(error);
      this.panel.showProblem(`The files could not be listed. ${reasonFor(error)}`);
    }
  }

  /** Sent again after a lost answer under the same number, a file is still attached once. */
  private async send(file: File, category: string, uid: string): Promise<void> {
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
      await this.client.upload(file, { uid, category, signal: stop.signal, progressed });
      upload.end();
      await this.load();
    } catch (error) {
      if (isAbort(error)) upload.end();
      else {
        this.viewer.noteSession(error);
        upload.fail(reasonInWords(error), () => {
          upload.end();
          void this.send(file, category, uid);
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
      this.viewer.noteSession(error);
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
      this.viewer.noteSession(error);
      this.preview.showProblem(`The file cannot be shown here; download it. ${reasonInWords(error)}`);
    }
  }
}

async function pages(name: string, url: string): Promise<{ element: HTMLElement; close: () => void }> {
  const { openPdf } = await import('../../documents/pdf');
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
