/**
 * PDF files drawn by pdf.js: loaded when the first one is opened, with its worker.
 *
 * Only the drawing and the text of a page are asked for. Scripts, links, forms and attachments in a file have no part in
 * either, so that a hostile file can do nothing.
 */

import { getDocument, PDFWorker, TextLayer, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import Background from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?worker';
import {
  ConnectionError,
  CorruptDataError,
  HttpError,
  NotFoundError,
  SignedOutError,
} from '../dicomweb/errors';
import type { PageSize, PdfPages } from '../ui/pdfView';

/** Character maps, the standard fonts and image decoders: files that a document may need and does not bring. */
const files = import.meta.glob<string>(
  [
    '/node_modules/pdfjs-dist/cmaps/*.bcmap',
    '/node_modules/pdfjs-dist/standard_fonts/*.{pfb,ttf}',
    '/node_modules/pdfjs-dist/wasm/{jbig2,openjpeg,qcms_bg}.wasm',
  ],
  { query: '?url', import: 'default', eager: true },
);
const addresses = new Map(Object.entries(files).map(([path, address]) => [path.split('/').at(-1), address]));

const rangeBytes = 256 * 1024;
const largestImage = 64 * 1024 * 1024; // pixels
const largestCanvas = 16 * 1024 * 1024; // pixels

/** What pdf.js asks for a file that it needs. */
class BundledFiles {
  async fetch({ filename }: { filename: string }): Promise<Uint8Array> {
    const address = addresses.get(filename);
    if (address === undefined) throw new Error(`no file is called ${filename}`);
    const response = await fetch(address);
    if (!response.ok) throw new HttpError(response.status);
    return new Uint8Array(await response.arrayBuffer());
  }
}

/** Opens a file at an address, or one whose bytes are here. Raises what the viewer tells apart: see dicomweb/errors. */
export async function openPdf(source: string | Uint8Array): Promise<PdfPages> {
  const port = new Background();
  const worker = PDFWorker.create({ port });
  const stop = (): void => {
    worker.destroy();
    port.terminate();
  };
  const task = getDocument({
    ...(typeof source === 'string' ? { url: source } : { data: source }),
    worker,
    httpHeaders: { Accept: 'application/pdf', 'X-Requested-With': 'XMLHttpRequest' },
    rangeChunkSize: rangeBytes,
    disableAutoFetch: true,
    disableStream: true,
    useWorkerFetch: false,
    BinaryDataFactory: BundledFiles,
    maxImageSize: largestImage,
    enableXfa: false,
  });
  try {
    return new Pages(await task.promise, stop);
  } catch (error) {
    void task.destroy().finally(stop);
    throw told(error);
  }
}

function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { status } = error as { status?: unknown };
  if (typeof status === 'number') {
    if (status === 401) return new SignedOutError();
    if (status === 404 || status === 403) return new NotFoundError();
    return status === 0 ? new ConnectionError({ cause: error }) : new HttpError(status);
  }
  const isLocked = error.name === 'PasswordException';
  return new CorruptDataError(isLocked ? 'the document is locked by a password' : error.message, {
    cause: error,
  });
}

class Pages implements PdfPages {
  constructor(
    private readonly file: PDFDocumentProxy,
    private readonly stop: () => void,
  ) {}

  get count(): number {
    return this.file.numPages;
  }

  async size(page: number): Promise<PageSize> {
    const { width, height } = (await this.file.getPage(page)).getViewport({ scale: 1 });
    return { width, height };
  }

  async draw(number: number, scale: number): Promise<HTMLElement[]> {
    const page = await this.file.getPage(number);
    const viewport = page.getViewport({ scale });
    const canvas = document.createElement('canvas');
    const density = Math.min(
      window.devicePixelRatio,
      Math.sqrt(largestCanvas / (viewport.width * viewport.height)),
    );
    canvas.width = Math.floor(viewport.width * density);
    canvas.height = Math.floor(viewport.height * density);
    const transform = [density, 0, 0, density, 0, 0];
    await page.render({ canvas, viewport, transform, annotationMode: 0 }).promise;
    const container = document.createElement('div');
    container.className = 'viewer-pdf-text';
    container.style.setProperty('--total-scale-factor', String(scale));
    await new TextLayer({ textContentSource: page.streamTextContent(), container, viewport }).render();
    page.cleanup();
    return [canvas, container];
  }

  async text(number: number): Promise<string> {
    const { items } = await (await this.file.getPage(number)).getTextContent();
    return items.map((item) => ('str' in item ? item.str : '')).join(' ');
  }

  close(): void {
    void this.file.loadingTask.destroy().finally(this.stop);
  }
}
