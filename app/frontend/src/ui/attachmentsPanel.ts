/** The files beside the images: listed, looked at, saved, and new ones dropped or chosen. */

import { sizeInWords, timeInWords, type Attachment } from '../study/remarks';
import { element, setAttribute, setText } from './dom';
import { icon } from './icons';
import { TakeBack } from './takeBack';

export interface Category {
  id: string;
  label: string;
}

export interface AttachmentsEvents {
  add(files: readonly File[], category: string): void;
  preview(attachment: Attachment): void;
  hasPreview(attachment: Attachment): boolean;
  downloadUrl(attachment: Attachment): string;
  remove(attachment: Attachment): void;
}

export class AttachmentsPanel {
  readonly element: HTMLElement;
  private readonly list = element('ol', { class: 'viewer-remarks' });
  private readonly uploads = element('ul', { class: 'viewer-uploads' });
  private readonly state = element('p', { class: 'viewer-remarks-state' }, 'Loading …');
  private readonly scanning = element('p', { class: 'viewer-details' });
  private readonly takeBack = new TakeBack();
  private readonly category = element('select', {
    class: 'viewer-input viewer-select',
    'aria-label': 'Category of new files',
  });
  private readonly input = element('input', {
    type: 'file',
    multiple: true,
    class: 'viewer-unseen',
    tabindex: -1,
  });
  private labels = new Map<string, string>();

  constructor(private readonly events: AttachmentsEvents) {
    const choose = element(
      'button',
      { type: 'button', class: 'viewer-button viewer-primary' },
      icon('attachments', 16),
      'Attach files',
    );
    choose.addEventListener('click', () => this.input.click());
    this.input.addEventListener('change', () => {
      this.add(this.input.files);
      this.input.value = '';
    });
    this.element = element(
      'div',
      { class: 'viewer-remarks-panel' },
      this.state,
      this.list,
      this.takeBack.element,
      this.uploads,
      element('div', { class: 'viewer-attach' }, this.category, choose, this.input),
      this.scanning,
    );
    this.takeDrops();
  }

  setUp(categories: readonly Category[], isScanned: boolean, largest: number): void {
    this.labels = new Map(categories.map(({ id, label }) => [id, label]));
    if (this.category.options.length === 0) {
      this.category.append(...categories.map(({ id, label }) => element('option', { value: id }, label)));
      this.category.value = categories.at(-1)?.id ?? '';
    }
    const scan = isScanned ? 'Files are scanned for malware' : 'Files are not scanned for malware here';
    setText(this.scanning, `${scan}. Up to ${sizeInWords(largest)} each.`);
  }

  show(attachments: readonly Attachment[]): void {
    this.state.hidden = attachments.length > 0;
    setText(this.state, 'No files yet: referrals, consents, earlier reports. Drop them here.');
    this.list.replaceChildren(...attachments.map((attachment) => this.row(attachment)));
  }

  showProblem(text: string): void {
    this.state.hidden = false;
    setText(this.state, text);
  }

  offerUndo(undo: () => void): void {
    this.takeBack.show('File removed.', undo);
  }

  /** A line that tells how far a file is. */
  beginUpload(name: string, cancel: () => void): Upload {
    const upload = new Upload(name, cancel);
    this.uploads.append(upload.element);
    return upload;
  }

  private add(files: FileList | null): void {
    if (files && files.length > 0) this.events.add([...files], this.category.value);
  }

  private row(attachment: Attachment): HTMLElement {
    const { uid, name, category, size, author, addedAt, isScanned, mayRemove } = attachment;
    const words = [this.labels.get(category) ?? category, sizeInWords(size), !isScanned && 'not scanned'];
    return element(
      'li',
      { class: 'viewer-remark', 'data-attachment-uid': uid },
      element('p', { class: 'viewer-remark-name' }, element('bdi', {}, name)),
      element('p', { class: 'viewer-details' }, words.filter(Boolean).join(' · ')),
      element(
        'footer',
        { class: 'viewer-remark-foot' },
        element('span', {}, element('bdi', {}, author), ` · ${timeInWords(addedAt, new Date())}`),
        this.events.hasPreview(attachment) &&
          button('visible', `Look at ${name}`, () => this.events.preview(attachment)),
        this.downloadLink(attachment),
        mayRemove && button('remove', `Remove ${name}`, () => this.events.remove(attachment)),
      ),
    );
  }

  private downloadLink(attachment: Attachment): HTMLElement {
    const label = `Download ${attachment.name}`;
    return element(
      'a',
      {
        class: 'viewer-button',
        href: this.events.downloadUrl(attachment),
        download: '',
        'aria-label': label,
        title: label,
      },
      icon('download', 15),
    );
  }

  private takeDrops(): void {
    const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    this.element.addEventListener('dragover', (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setAttribute(this.element, 'data-drop', true);
    });
    this.element.addEventListener('dragleave', () => setAttribute(this.element, 'data-drop', undefined));
    this.element.addEventListener('drop', (event) => {
      setAttribute(this.element, 'data-drop', undefined);
      if (!isFiles(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer?.files ?? null);
    });
  }
}

/** One file on its way. */
export class Upload {
  readonly element: HTMLElement;
  private readonly bar = element('progress', { max: 1, value: 0, class: 'viewer-upload-bar' });
  private readonly words = element('span', { class: 'viewer-details', role: 'status' }, 'Sending …');
  private readonly actions = element('span', { class: 'viewer-upload-actions' });

  constructor(name: string, cancel: () => void) {
    setAttribute(this.bar, 'aria-label', `Sending ${name}`);
    this.actions.append(button('close', `Cancel ${name}`, cancel));
    this.element = element(
      'li',
      { class: 'viewer-upload' },
      element('bdi', { class: 'viewer-remark-name' }, name),
      this.bar,
      element('div', { class: 'viewer-remark-foot' }, this.words, this.actions),
    );
  }

  progress(part: number): void {
    this.bar.value = part;
    setText(this.words, part < 1 ? `${Math.floor(part * 100)} %` : 'Checking …');
  }

  /** The file stays in sight with the reason, and is sent again at the reader's word. */
  fail(reason: string, again: (() => void) | undefined): void {
    this.bar.hidden = true;
    setText(this.words, reason);
    this.words.className = 'viewer-problem';
    this.actions.replaceChildren(
      ...(again ? [button('again', 'Try again', again)] : []),
      button('close', 'Dismiss', () => this.end()),
    );
  }

  end(): void {
    this.element.remove();
  }
}

function button(
  name: 'visible' | 'remove' | 'close' | 'again',
  label: string,
  run: () => void,
): HTMLButtonElement {
  const made = element(
    'button',
    { type: 'button', class: 'viewer-button', 'aria-label': label, title: label },
    icon(name, 15),
  );
  made.addEventListener('click', run);
  return made;
}
