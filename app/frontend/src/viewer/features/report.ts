/** The report beside the images: read by whoever may, written and signed by radiologists. */

import { HttpError } from '../../dicomweb/errors';
import type { ReportImage, SectionEditor } from '../../report/editor';
import { ReportPanel } from '../../ui/reportPanel';
import { SignDialog } from '../../ui/signDialog';
import { element } from '../../ui/dom';
import type { Feature, Viewer } from '../feature';
import { ReportClient, UnacknowledgedError, type Report, type ReportContent } from '../reportClient';
import { ReportKeeper, type WritingState } from '../reportKeeper';

const panelId = 'report';

const sectionTitles = new Map([
  ['clinical_question', 'Clinical question'],
  ['technique', 'Technique'],
  ['comparison', 'Comparison'],
  ['findings', 'Findings'],
  ['impression', 'Impression'],
]);

const stateLabels: Record<NonNullable<Report['state']>, string> = {
  draft: 'Draft',
  preliminary: 'Preliminary',
  final: 'Final',
  addended: 'Final with addendum',
};

const writingNotes: Record<WritingState, string> = {
  reading: '',
  saved: 'Saved',
  saving: 'Saving …',
  waiting: 'Not saved yet: the server cannot be reached, trying again',
  signedOut: 'Not saved: sign in again, the words stay here',
};

export function report(viewer: Viewer): Feature {
  const desk = new ReportDesk(viewer);
  const { side } = viewer.page;
  side.add({ id: panelId, label: 'Report', icon: 'report', element: desk.panel.element });
  return {
    recovered: () => desk.goOn(),
    commands: [
      {
        id: 'report',
        label: 'Report',
        group: 'Study',
        keys: ['Shift+e'],
        run: () => {
          side.toggle(panelId);
          if (side.isOpen(panelId)) void desk.open();
        },
        button: { place: 'panels', icon: 'report' },
        isPressed: () => side.isOpen(panelId),
      },
    ],
  };
}

class ReportDesk {
  readonly panel: ReportPanel;
  private readonly client: ReportClient;
  private readonly keeper: ReportKeeper;
  private readonly dialog = new SignDialog();
  private readonly editors = new Map<string, SectionEditor>();
  private readonly added: SectionEditor[] = [];
  private readonly content: ReportContent = {};
  private focused: SectionEditor | undefined;
  private state: WritingState = 'reading';
  private trouble = '';

  constructor(private readonly viewer: Viewer) {
    const { settings, requests, page } = viewer;
    this.client = new ReportClient(settings.reportUrl, requests);
    this.panel = new ReportPanel(sectionTitles, settings.reportUrl, {
      begin: () => void this.begin(false),
      takeOver: () => void this.begin(true),
      end: () => void this.attempt(() => this.keeper.end()),
      release: () => void this.release(),
      sign: () => void this.sign(),
      add: () => void this.add(),
      style: (name) => this.focused?.toggle(name),
      insertMeasurements: () => this.insertMeasurements(),
      insertImage: () => this.insertImage(),
      insertKeyImages: () => this.insertKeyImages(),
    });
    page.addDialog(this.dialog.element);
    this.keeper = new ReportKeeper(this.client, {
      shown: (shown) => void this.show(shown),
      stateChanged: (state) => {
        this.state = state;
        this.refresh();
      },
      stopped: (why) => {
        this.trouble = `${why} What you wrote is still here, but not saved.`;
        page.status.announce(this.trouble);
        this.refresh();
      },
      failed: (error) => viewer.noteSession(error),
    });
    addEventListener('beforeunload', (event) => {
      if (!this.keeper.isSaved) event.preventDefault();
    });
  }

  async open(): Promise<void> {
    if (!this.keeper.writes) await this.keeper.load();
  }

  goOn(): void {
    this.keeper.goOn();
  }

  private async begin(byForce: boolean): Promise<void> {
    this.trouble = '';
    await this.attempt(() => this.keeper.begin(byForce));
    if (!this.keeper.writes) return;
    (this.editors.get('findings') ?? this.focused)?.focus();
  }

  private async release(): Promise<void> {
    await this.attempt(async () => {
      await this.keeper.flush();
      const { current } = this.keeper;
      if (current && this.keeper.isSaved) this.keeper.adopt(await this.client.release(current.version));
    });
  }

  private async sign(): Promise<void> {
    await this.attempt(async () => {
      await this.keeper.flush();
      if (!this.keeper.isSaved) return;
      this.dialog.open({
        title: 'Sign the report',
        warnings: (await this.client.load()).warnings ?? [],
        sign: async (password, acknowledged) => {
          const version = this.keeper.current?.version ?? 0;
          this.keeper.adopt(await this.client.sign(version, password, acknowledged));
        },
        warningsOf: (error) => (error instanceof UnacknowledgedError ? error.warnings : undefined),
      });
    });
  }

  private async add(): Promise<void> {
    const { SectionEditor } = await import('../../report/editor');
    const host = element('div', { class: 'report-editor', 'data-writing': true });
    const editor = new SectionEditor(host, { ...this.options('Addendum'), changed: () => undefined });
    this.dialog.open({
      title: 'Add to the report',
      warnings: [],
      content: host,
      sign: async (password) => this.keeper.adopt(await this.client.add(editor.document, password)),
    });
    this.dialog.element.addEventListener('close', () => editor.destroy(), { once: true });
    editor.focus();
  }

  /** What fails is told beside the report. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.viewer.noteSession(error);
      this.trouble = error instanceof Error ? error.message : String(error);
      if (error instanceof HttpError && error.status === 423) await this.keeper.load();
      this.refresh();
    }
  }

  private async show(shown: Report): Promise<void> {
    const { SectionEditor } = await import('../../report/editor');
    for (const [key, title] of sectionTitles) {
      const place = this.panel.placeOf(key);
      const document = shown.content[key];
      let editor = this.editors.get(key);
      if (!editor && place) {
        editor = new SectionEditor(place, {
          ...this.options(title),
          content: document,
          changed: (written) => this.changed(key, written),
        });
        this.editors.set(key, editor);
      } else editor?.show(document);
      if (document) this.content[key] = document;
      else Reflect.deleteProperty(this.content, key);
    }
    this.showAddenda(shown, SectionEditor);
    this.refresh();
  }

  private showAddenda({ addenda }: Report, Editor: typeof SectionEditor): void {
    for (const editor of this.added.splice(0)) editor.destroy();
    const heads = addenda.map(
      ({ number, author, signedAt }) => `Addendum ${number}, ${author}, ${moment(signedAt)}`,
    );
    this.panel.showAddenda(heads).forEach((place, index) => {
      const content = addenda[index]?.document;
      const options = { ...this.options(heads[index] ?? ''), isEditable: false, changed: () => undefined };
      this.added.push(new Editor(place, { ...options, content }));
    });
  }

  private options(label: string) {
    return {
      label,
      content: undefined,
      isEditable: true,
      focused: (editor: SectionEditor) => {
        this.focused = editor;
      },
      pictureUrl: (image: ReportImage) => this.pictureUrl(image),
    };
  }

  private changed(key: string, document: ReportContent[string]): void {
    this.content[key] = document;
    this.keeper.changed({ ...this.content });
  }

  private insertMeasurements(): void {
    const lines = this.viewer.offers.measurementLines?.() ?? [];
    if (lines.length > 0) this.focused?.insertLines(lines);
    else this.viewer.page.status.showHint('There are no measurements to insert');
  }

  private insertImage(): void {
    const { frame, window, windowIsDefault } = this.viewer.grid.active.view.current;
    if (!frame) return;
    const chosen = windowIsDefault ? undefined : window;
    this.focused?.insertImage({
      instance: frame.sopInstanceUid,
      frame: frame.frameNumber,
      center: chosen?.center ?? null,
      width: chosen?.width ?? null,
    });
  }

  private insertKeyImages(): void {
    const marked = this.viewer.offers.keyImages?.() ?? [];
    if (marked.length === 0) this.viewer.page.status.showHint('No image is marked as key image');
    for (const { sopInstanceUid, frameNumber, window } of marked) {
      const place = { instance: sopInstanceUid, frame: frameNumber };
      this.focused?.insertImage({ ...place, center: window?.center ?? null, width: window?.width ?? null });
    }
  }

  private pictureUrl({ instance, frame, center, width }: ReportImage): string {
    const window = center === null || width === null ? '' : `?center=${center}&width=${width}`;
    return `${this.viewer.settings.reportUrl}/pictures/${instance}/${frame}${window}`;
  }

  private refresh(): void {
    const { current, writes } = this.keeper;
    const isSigned = current?.state === 'final' || current?.state === 'addended';
    const mayWrite = (current?.mayWrite ?? false) && !isSigned;
    for (const [key, editor] of this.editors) {
      editor.isEditable = writes;
      this.panel.showSection(key, writes || !editor.isEmpty);
    }
    const hasWords = [...this.editors.values()].some((editor) => !editor.isEmpty);
    this.panel.show({
      label: current?.state ? stateLabels[current.state] : '',
      note: this.trouble || writingNotes[this.state] || noteOn(current),
      isWriting: writes,
      isThere: Boolean(current?.state),
      mayBegin: mayWrite && !writes && !current?.writer,
      mayTakeOver: mayWrite && !writes && Boolean(current?.writer),
      mayRelease: writes && hasWords && current?.state !== 'preliminary',
      maySign: writes && hasWords,
      mayAdd: isSigned && current.mayWrite,
    });
  }
}

function noteOn(current: Report | undefined): string {
  if (current?.signedBy && current.signedAt)
    return `Signed by ${current.signedBy}, ${moment(current.signedAt)}`;
  return current?.writer ? `${current.writer} is writing on it` : '';
}

function moment(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}
