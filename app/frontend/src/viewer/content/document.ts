/** Encapsulated documents: PDF page by page, clinical documents as text, everything else to be downloaded. */

import { isAbort } from '../../dicomweb/errors';
import { getBytes } from '../../dicomweb/http';
import { text } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import { clinicalDocument } from '../../study/clinicalDocument';
import type { OtherSet } from '../../study/displaySets';
import { contentFrame, contentNotice, downloadLink } from '../../ui/contentFrame';
import { element } from '../../ui/dom';
import { PdfView } from '../../ui/pdfView';
import { reportView } from '../../ui/reportView';
import { textDownload } from '../../ui/videoPlayer';
import type { Viewer } from '../feature';
import { reasonFor } from '../notices';
import type { Pane } from '../pane';
import { headingOf, type Content } from './content';

const pdf = '1.2.840.10008.5.1.4.1.1.104.1';
const clinical = '1.2.840.10008.5.1.4.1.1.104.2';
const models: Record<string, string | undefined> = {
  '1.2.840.10008.5.1.4.1.1.104.3': 'A surface model (STL)',
  '1.2.840.10008.5.1.4.1.1.104.4': 'A surface model (OBJ)',
  '1.2.840.10008.5.1.4.1.1.104.5': 'The materials of a surface model (MTL)',
};
const largestText = 8 * 1024 * 1024;

export function documentContent(viewer: Viewer, _pane: Pane, set: OtherSet): Content {
  const title = headingOf(set);
  const sopClass = text(set.instance, Tag.SOPClassUID) ?? '';
  const url = viewer.client.renderedUrl(set.instance);
  if (sopClass === pdf) return new Loading(viewer, title, url, () => openPdfView(title, url)).content;
  if (sopClass === clinical) return new Loading(viewer, title, url, () => openText(title, url)).content;
  const what = models[sopClass] ?? 'A document of a kind that is not shown here';
  const { element: frame, body } = contentFrame(title, downloadLink(url));
  body.append(contentNotice(what, 'Download it to open it in a program of its own.', textDownload(url)));
  return { element: frame };
}

/** Shows that something is on its way, then what came, or why nothing did. */
class Loading {
  private readonly host = element('div', { class: 'viewer-content-host', 'data-state': 'loading' });
  private opened: Content | undefined;
  private isClosed = false;

  constructor(
    private readonly viewer: Viewer,
    private readonly title: string,
    private readonly url: string,
    private readonly open: () => Promise<Content>,
  ) {
    void this.load();
  }

  get content(): Content {
    return {
      element: this.host,
      close: () => {
        this.isClosed = true;
        this.opened?.close?.();
      },
    };
  }

  private async load(): Promise<void> {
    this.show('loading', contentNotice('Loading', this.title));
    try {
      const opened = await this.open();
      if (this.isClosed) {
        opened.close?.();
        return;
      }
      this.opened = opened;
      this.show('ready', opened.element);
    } catch (error) {
      if (!this.isClosed && !isAbort(error)) this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.viewer.noteSession(error);
    const again = element('button', { type: 'button', class: 'viewer-button viewer-primary' }, 'Try again');
    again.addEventListener('click', () => void this.load());
    this.show(
      'error',
      contentNotice('This document could not be shown', reasonFor(error), again, textDownload(this.url)),
    );
  }

  private show(state: string, content: HTMLElement): void {
    this.host.dataset.state = state;
    this.host.replaceChildren(content);
  }
}

async function openPdfView(title: string, url: string): Promise<Content> {
  const { openPdf } = await import('../../documents/pdf');
  const view = new PdfView(title, url, await openPdf(url));
  await view.start();
  return { element: view.element, close: () => view.close() };
}

async function openText(title: string, url: string): Promise<Content> {
  const { value } = await getBytes(url, { accept: 'text/xml' });
  const source = new TextDecoder().decode(value.subarray(0, largestText));
  const report = clinicalDocument(new DOMParser().parseFromString(source, 'text/xml'));
  const { element: frame, body } = contentFrame(title, downloadLink(url));
  body.append(
    report
      ? reportView(report, {
          labelOf: () => undefined,
          placeOf: () => Promise.resolve(undefined),
          open: () => undefined,
          showMore: () => undefined,
        })
      : element('pre', { class: 'viewer-source' }, source),
  );
  return { element: frame };
}
