/** Where a report is read, written, signed and added to: brings together what the parts of it do. */

import { HttpError } from '../dicomweb/errors';
import type { ReportImage, SectionEditor } from '../report/editor';
import { sayTheSame, UnsavedWords } from '../report/unsavedWords';
import { ChoiceList } from '../ui/choiceList';
import { element } from '../ui/dom';
import { KeptWordsNotice, type KeptWordsOffer } from '../ui/reportAids';
import { ReportPanel } from '../ui/reportPanel';
import { SignDialog } from '../ui/signDialog';
import type { Viewer } from './feature';
import { ReportAids } from './reportAids';
import { ReportCritical } from './reportCritical';
import { ReportClient, UnacknowledgedError, type Report, type ReportContent } from './reportClient';
import { ReportKeeper, type WritingState } from './reportKeeper';
import { ReportSections, sectionTitles } from './reportSections';
import { documentOf, moment, noteOn, offerOf, stateLabels, writingNotes } from './reportWords';

export class ReportDesk {
  readonly panel: ReportPanel;
  private readonly client: ReportClient;
  private readonly keeper: ReportKeeper;
  private readonly sections: ReportSections;
  private readonly aids: ReportAids;
  private readonly critical: ReportCritical;
  private readonly unsaved: UnsavedWords;
  private readonly kept = new KeptWordsNotice(
    () => void this.restore(),
    () => this.discard(),
  );
  private readonly choices = new ChoiceList((index) => this.sections.focused?.pick(index));
  private readonly dialog = new SignDialog();
  private readonly added: SectionEditor[] = [];
  private state: WritingState = 'reading';
  private trouble = '';

  constructor(private readonly viewer: Viewer) {
    const { settings, requests, page } = viewer;
    this.client = new ReportClient(settings.reportUrl, requests);
    this.unsaved = new UnsavedWords(localStorage, settings.user, settings.studyUid);
    this.aids = new ReportAids(this.client, () => this.sections, {
      hint: (text) => page.status.showHint(text),
      failed: (error) => viewer.noteSession(error),
    });
    this.critical = new ReportCritical(
      `${settings.reportUrl}/critical`,
      requests,
      () => this.sections.focused?.selectedText ?? '',
      (error) => viewer.noteSession(error),
    );
    this.panel = this.makePanel();
    this.sections = this.makeSections();
    this.keeper = this.makeKeeper();
    page.addDialog(this.dialog.element);
    page.addDialog(this.critical.dialog.element);
    addEventListener('beforeunload', (event) => {
      if (!this.keeper.isSaved) event.preventDefault();
    });
    addEventListener('pagehide', () => this.keeper.leaving());
  }

  async open(): Promise<void> {
    if (this.keeper.writes) return;
    await this.keeper.load();
    if (this.keeper.current?.mayWrite) await Promise.all([this.aids.load(), this.critical.load()]);
    this.refresh();
  }

  goOn(): void {
    this.keeper.goOn();
  }

  /** Puts the priors that the reader opened into the comparison. */
  async insertComparison(): Promise<void> {
    if (this.keeper.writes) await this.aids.insertOpened();
    else this.viewer.page.status.showHint('Open the report and write first');
  }

  private async begin(byForce: boolean): Promise<void> {
    this.trouble = '';
    await this.attempt(() => this.keeper.begin(byForce));
    if (this.keeper.writes) this.sections.focus('findings');
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

  private async add(words?: ReportContent): Promise<void> {
    const { SectionEditor } = await import('../report/editor');
    const host = element('div', { class: 'report-editor', 'data-writing': true });
    const content = words && documentOf(words);
    const editor = new SectionEditor(host, { ...this.aside('Addendum', true), content });
    this.dialog.open({
      title: 'Add to the report',
      warnings: [],
      content: host,
      sign: async (password) => {
        this.keeper.adopt(await this.client.add(editor.document, password));
        if (words) this.discard();
      },
    });
    this.dialog.element.addEventListener('close', () => editor.destroy(), { once: true });
    editor.focus();
  }

  /** Brings back words that the server never got: into the report, or, once it is signed, into an addendum. */
  private async restore(): Promise<void> {
    const words = this.unsaved.kept?.content;
    if (!words) return;
    if (this.keeper.current?.signedBy) {
      await this.add(words);
      return;
    }
    await this.begin(Boolean(this.keeper.current?.writer));
    if (!this.keeper.writes) return;
    this.sections.replace(words);
    await this.keeper.flush();
    this.refresh();
  }

  private discard(): void {
    this.unsaved.discard();
    this.refresh();
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
    await this.sections.show(shown.content);
    const { SectionEditor } = await import('../report/editor');
    for (const editor of this.added.splice(0)) editor.destroy();
    const heads = shown.addenda.map(
      ({ number, author, signedAt }) => `Addendum ${number}, ${author}, ${moment(signedAt)}`,
    );
    this.panel.showAddenda(heads).forEach((place, index) => {
      const content = shown.addenda[index]?.document;
      this.added.push(new SectionEditor(place, { ...this.aside(heads[index] ?? '', false), content }));
    });
    this.refresh();
  }

  private refresh(): void {
    const { current, writes } = this.keeper;
    const isSigned = current?.state === 'final' || current?.state === 'addended';
    const mayWrite = (current?.mayWrite ?? false) && !isSigned;
    this.sections.isEditable = writes;
    for (const key of sectionTitles.keys())
      this.panel.showSection(key, writes || this.sections.saysSomething(key));
    this.aids.show(writes);
    const kept = this.keptWords;
    this.kept.show(kept);
    const { hasWords } = this.sections;
    this.panel.show({
      label: current?.state ? stateLabels[current.state] : '',
      note: this.trouble || writingNotes[this.state] || noteOn(current),
      isWriting: writes,
      isThere: Boolean(current?.state),
      // Whoever left words behind decides about them first: writing on would put others in their place.
      mayBegin: mayWrite && !writes && !kept && !current?.writer,
      mayTakeOver: mayWrite && !writes && !kept && Boolean(current?.writer),
      mayRelease: writes && hasWords && current?.state !== 'preliminary',
      maySign: writes && hasWords,
      mayAdd: isSigned && current.mayWrite,
    });
  }

  /** Words kept on this computer that the server does not have; those that it got after all go. */
  private get keptWords(): KeptWordsOffer | undefined {
    const { current, writes } = this.keeper;
    const { kept } = this.unsaved;
    if (!kept || !current?.mayWrite || writes) return undefined;
    if (sayTheSame(kept.content, current.content)) {
      this.unsaved.discard();
      return undefined;
    }
    return offerOf(current, kept);
  }

  private insertMeasurements(): void {
    const lines = this.viewer.offers.measurementLines?.() ?? [];
    if (lines.length > 0) this.sections.focused?.insertLines(lines);
    else this.viewer.page.status.showHint('There are no measurements to insert');
  }

  private insertImage(): void {
    const { frame, window, windowIsDefault } = this.viewer.grid.active.view.current;
    if (!frame) return;
    const chosen = windowIsDefault ? undefined : window;
    this.sections.focused?.insertImage({
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
      const shown = { center: window?.center ?? null, width: window?.width ?? null };
      this.sections.focused?.insertImage({ ...place, ...shown });
    }
  }

  private readonly pictureUrl = ({ instance, frame, center, width }: ReportImage): string => {
    const window = center === null || width === null ? '' : `?center=${center}&width=${width}`;
    return `${this.viewer.settings.reportUrl}/pictures/${instance}/${frame}${window}`;
  };

  /** An editor beside the sections. */
  private aside(label: string, isEditable: boolean) {
    return {
      label,
      isEditable,
      changed: () => undefined,
      focused: () => undefined,
      pictureUrl: this.pictureUrl,
      macro: (shortcut: string) => this.aids.macro(shortcut),
      fields: { leave: () => false, selected: () => undefined },
    };
  }

  private makePanel(): ReportPanel {
    const { reportUrl } = this.viewer.settings;
    const events = {
      begin: () => void this.begin(false),
      takeOver: () => void this.begin(true),
      end: () => void this.attempt(() => this.keeper.end()),
      release: () => void this.release(),
      sign: () => void this.sign(),
      add: () => void this.add(),
      style: (name: Parameters<SectionEditor['toggle']>[0]) => this.sections.focused?.toggle(name),
      insertMeasurements: () => this.insertMeasurements(),
      insertImage: () => this.insertImage(),
      insertKeyImages: () => this.insertKeyImages(),
    };
    return new ReportPanel(sectionTitles, reportUrl, events, {
      notices: [this.kept.element],
      head: [this.aids.order.element, this.aids.begin.element],
      tools: this.aids.menus.map((menu) => menu.element),
      foot: [this.critical.section.element, this.choices.element],
    });
  }

  private makeSections(): ReportSections {
    return new ReportSections({
      placeOf: (key) => this.panel.placeOf(key),
      changed: (content) => {
        this.keeper.changed(content);
        this.aids.show(this.keeper.writes);
      },
      pictureUrl: this.pictureUrl,
      macro: (shortcut) => this.aids.macro(shortcut),
      fieldSelected: (field, place) => this.choices.show(field?.choices ?? [], place),
    });
  }

  private makeKeeper(): ReportKeeper {
    const { page } = this.viewer;
    return new ReportKeeper(
      this.client,
      {
        shown: (shown) => this.show(shown),
        stateChanged: (state) => {
          this.state = state;
          this.refresh();
        },
        stopped: (why) => {
          this.trouble = `${why} What you wrote is still here, but not saved.`;
          page.status.announce(this.trouble);
          this.refresh();
        },
        failed: (error) => this.viewer.noteSession(error),
      },
      this.unsaved,
    );
  }
}
