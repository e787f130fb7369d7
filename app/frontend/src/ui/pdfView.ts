/** The pages of a document one below the other, drawn as they come into sight. */

import { contentFrame, controlButton, downloadLink } from './contentFrame';
import { element, setText } from './dom';

export interface PageSize {
  /** In points at the natural size. */
  width: number;
  height: number;
}

export interface PdfPages {
  readonly count: number;
  /** Pages count from 1. */
  size(page: number): Promise<PageSize>;
  /** What stands on the page: its picture, and its text invisibly over it. */
  draw(page: number, scale: number): Promise<HTMLElement[]>;
  text(page: number): Promise<string>;
  close(): void;
}

const mostPages = 2000;
const mostDrawn = 12;
const naturalScale = 96 / 72; // points of the screen in one of the paper
const zoomStep = 1.25;
const [leastZoom, mostZoom] = [0.25, 5];
/** Without being asked, a page is not made larger than this: lines too long are hard to read. */
const widest = 1.4;

export class PdfView {
  readonly element: HTMLElement;
  private readonly body: HTMLElement;
  private readonly sheets: HTMLElement[] = [];
  private readonly drawn: number[] = [];
  private readonly place = element('output', { class: 'viewer-content-place' });
  private readonly found = element('output', { class: 'viewer-content-place' });
  private readonly watcher: IntersectionObserver;
  private readonly resizing: ResizeObserver;
  private first: PageSize = { width: 595, height: 842 };
  private zoom: number | undefined;
  private sought = '';
  private hits: number[] = [];
  private isClosed = false;

  constructor(
    title: string,
    url: string,
    private readonly pages: PdfPages,
  ) {
    const { element: frame, body } = contentFrame(title, ...this.controls(url));
    this.element = frame;
    this.body = body;
    body.classList.add('viewer-pdf');
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), {
      root: body,
      rootMargin: '50%',
    });
    this.resizing = new ResizeObserver(() => this.zoom ?? this.layOut());
    body.addEventListener('scroll', () => this.showPlace(), { passive: true });
  }

  /** Raises what reading the first page raises. */
  async start(): Promise<void> {
    this.first = await this.pages.size(1);
    const count = Math.min(this.pages.count, mostPages);
    for (let page = 1; page <= count; page += 1) {
      const sheet = element('section', {
        class: 'viewer-pdf-page',
        'aria-label': `Page ${page}`,
        'data-page': page,
      });
      this.sheets.push(sheet);
      this.body.append(sheet);
      this.watcher.observe(sheet);
    }
    if (this.pages.count > count) {
      this.body.append(
        element('p', { class: 'viewer-details' }, `Download the document to see what follows.`),
      );
    }
    this.resizing.observe(this.body);
    this.layOut();
  }

  close(): void {
    this.isClosed = true;
    this.watcher.disconnect();
    this.resizing.disconnect();
    this.pages.close();
  }

  private controls(url: string): HTMLElement[] {
    const search = element('input', {
      type: 'search',
      class: 'viewer-input viewer-pdf-search',
      placeholder: 'Find',
      'aria-label': 'Find in the document',
    });
    search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') void this.find(search.value.trim());
    });
    return [
      controlButton('Previous page', 'previous', () => this.goTo(this.current - 1)),
      this.place,
      controlButton('Next page', 'next', () => this.goTo(this.current + 1)),
      controlButton('Smaller', 'zoomOut', () => this.zoomBy(1 / zoomStep)),
      controlButton('Larger', 'zoom', () => this.zoomBy(zoomStep)),
      controlButton('Fit the width', 'reset', () => this.zoomBy(undefined)),
      search,
      this.found,
      downloadLink(url),
    ];
  }

  private get fitted(): number {
    const room = this.body.clientWidth - 32;
    return Math.min(widest, Math.max(leastZoom, room / (this.first.width * naturalScale)));
  }

  private get scale(): number {
    return (this.zoom ?? this.fitted) * naturalScale;
  }

  /** The page at the top of what is seen, from 1. */
  private get current(): number {
    const middle = this.body.scrollTop + this.body.clientHeight / 3;
    const index = this.sheets.findLastIndex((sheet) => sheet.offsetTop <= middle);
    return Math.max(1, index + 1);
  }

  private zoomBy(factor: number | undefined): void {
    const present = this.zoom ?? this.fitted;
    this.zoom = factor === undefined ? undefined : Math.min(mostZoom, Math.max(leastZoom, present * factor));
    this.layOut();
  }

  private goTo(page: number): void {
    const sheet = this.sheets[Math.min(Math.max(page, 1), this.sheets.length) - 1];
    if (sheet) this.body.scrollTop = sheet.offsetTop - 8;
  }

  /** Gives each page its room; what is drawn at another size is drawn anew. */
  private layOut(): void {
    const page = this.current;
    for (const sheet of this.sheets) this.size(sheet, this.first);
    for (const number of this.drawn.splice(0)) this.sheets[number - 1]?.replaceChildren();
    for (const sheet of this.sheets) {
      this.watcher.unobserve(sheet);
      this.watcher.observe(sheet);
    }
    this.goTo(page);
    this.showPlace();
  }

  private size(sheet: HTMLElement, { width, height }: PageSize): void {
    sheet.style.width = `${width * this.scale}px`;
    sheet.style.height = `${height * this.scale}px`;
  }

  private showPlace(): void {
    setText(this.place, `${this.current} / ${this.pages.count}`);
  }

  private seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) void this.draw(Number((target as HTMLElement).dataset.page));
    }
  }

  private async draw(page: number): Promise<void> {
    const sheet = this.sheets[page - 1];
    if (!sheet || this.drawn.includes(page)) return;
    this.drawn.push(page);
    const { scale } = this;
    try {
      const size = await this.pages.size(page);
      const content = await this.pages.draw(page, scale);
      if (this.isClosed || scale !== this.scale || !this.drawn.includes(page)) return;
      this.size(sheet, size);
      sheet.replaceChildren(...content);
      sheet.dataset.drawn = 'true';
      this.highlight(sheet);
    } catch {
      if (!this.isClosed) {
        sheet.replaceChildren(
          element('p', { class: 'viewer-pdf-failed', role: 'status' }, `Page ${page} could not be drawn.`),
        );
      }
    }
    this.forget();
  }

  /** Pages far from what is seen give their memory back. */
  private forget(): void {
    const { current } = this;
    const byDistance = [...this.drawn].sort((a, b) => Math.abs(a - current) - Math.abs(b - current));
    for (const page of byDistance.slice(mostDrawn)) {
      const sheet = this.sheets[page - 1];
      sheet?.replaceChildren();
      if (sheet) delete sheet.dataset.drawn;
      this.drawn.splice(this.drawn.indexOf(page), 1);
    }
  }

  private async find(words: string): Promise<void> {
    if (words !== this.sought) {
      this.sought = words;
      this.hits = [];
      for (const sheet of this.sheets) this.highlight(sheet);
      if (words === '') {
        setText(this.found, '');
        return;
      }
      setText(this.found, '…');
      for (let page = 1; page <= this.sheets.length; page += 1) {
        const text = await this.pages.text(page).catch(() => '');
        if (this.isClosed || this.sought !== words) return;
        if (holds(text, words)) this.hits.push(page);
      }
    }
    const next = this.hits.find((page) => page > this.current) ?? this.hits[0];
    const pages = this.hits.length === 1 ? '1 page' : `${this.hits.length} pages`;
    setText(this.found, this.hits.length === 0 ? 'Not found' : `On ${pages}`);
    if (next !== undefined) this.goTo(next);
  }

  private highlight(sheet: HTMLElement): void {
    for (const run of sheet.querySelectorAll('.viewer-pdf-text span')) {
      run.classList.toggle('is-found', this.sought !== '' && holds(run.textContent, this.sought));
    }
  }
}

function holds(text: string, words: string): boolean {
  return text.toLocaleLowerCase().includes(words.toLocaleLowerCase());
}
