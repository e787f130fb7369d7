/** The files beside the images: listed, looked at, saved, and new ones dropped or chosen. */

import { sizeInWords, timeInWords, type Attachment } from '../study/remarks';
import { element, setAttribute, setText } from './dom';
import { icon } from './icons';
import { TakeBack } from './takeBack';

export interface Choice {
  id: string;
  label: string;
}

/** What the server lets this user say of a file. */
export interface AttachmentChoices {
  categories: readonly Choice[];
  subjects: readonly Choice[];
  audiences: readonly Choice[];
  /** Bytes that a file may have. */
  largest: number;
  isScanned: boolean;
}

/** What the user says of new files, by identifiers. */
export type NewFile = Readonly<Record<'category' | 'subject' | 'audience', string>>;

export interface AttachmentsEvents {
  add(files: readonly File[], label: NewFile): void;
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
  private readonly category = select('Category of new files');
  private readonly subject = select('What new files belong to');
  private readonly audience = select('Who sees new files');
  /** Until the server said what may be said of a file, none is taken. */
  private readonly choose = element('button', {
    type: 'button',
    class: 'viewer-button viewer-primary',
    disabled: true,
  });
  private readonly input = element('input', {
    type: 'file',
    disabled: true,
    multiple: true,
    class: 'viewer-unseen',
    tabindex: -1,
  });
  private labels = new Map<string, string>();

  constructor(private readonly events: AttachmentsEvents) {
    this.choose.append(icon('attachments', 16), 'Attach files');
    this.choose.addEventListener('click', () => this.input.click());
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
      element(
        'div',
        { class: 'viewer-attach' },
        this.category,
        this.subject,
        this.audience,
        this.choose,
        this.input,
      ),
      this.scanning,
    );
    this.takeDrops();
  }

  setUp({ categories, subjects, audiences, isScanned, largest }: AttachmentChoices): void {
    this.labels = new Map(
      [...categories, ...subjects, ...audiences].map(({ id, label }): [string, string] => [id, label]),
    );
    this.choose.disabled = this.input.disabled = false;
    offer(this.category, categories, categories.at(-1)?.id);
    offer(this.subject, subjects, subjects[0]?.id);
    offer(this.audience, audiences, audiences[0]?.id);
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
    if (!files || files.length === 0 || this.input.disabled) return;
    const [category, subject, audience] = [this.category.value, this.subject.value, this.audience.value];
    this.events.add([...files], { category, subject, audience });
  }

  private row(attachment: Attachment): HTMLElement {
    const { uid, name, author, addedAt, mayRemove } = attachment;
    return element(
      'li',
      { class: 'viewer-remark', 'data-attachment-uid': uid },
      element('p', { class: 'viewer-remark-name' }, element('bdi', {}, name)),
      element('p', { class: 'viewer-details' }, this.particulars(attachment)),
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

  private particulars({ category, subject, audience, size, isScanned, isLater }: Attachment): string {
    const labelled = (id: string): string => this.labels.get(id) ?? id;
    const words = [
      labelled(category),
      subject === 'patient' && 'of the patient',
      subject === 'report' && (isLater ? 'of the report, added after signing' : 'of the report'),
      sizeInWords(size),
      audience !== 'everyone' && `${labelled(audience)} only`,
      !isScanned && 'not scanned',
    ];
    return words.filter(Boolean).join(' · ');
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

function select(label: string): HTMLSelectElement {
  return element('select', { class: 'viewer-input viewer-select', 'aria-label': label });
}

/** Fills a list and keeps what was chosen in it; where there is nothing to choose it is not shown. */
function offer(list: HTMLSelectElement, choices: readonly Choice[], first: string | undefined): void {
  const chosen = list.value || first;
  list.replaceChildren(...choices.map(({ id, label }) => element('option', { value: id }, label)));
  list.value = choices.some(({ id }) => id === chosen) ? (chosen ?? '') : (choices[0]?.id ?? '');
  list.hidden = choices.length < 2;
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
