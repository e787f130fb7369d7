/** Helps to write a report: templates, macros, the order and the priors, as the server gives them for this study. */

import type { JSONContent } from '@tiptap/core';
import { filled, inlineOf } from '../report/fields';
import { AidMenu, BeginWith, OrderCard, type AidsChoice } from '../ui/reportAids';
import type { Assistance, ReportClient, ReportContent, Template } from './reportClient';
import type { ReportSections } from './reportSections';

export interface AidsEvents {
  /** Short words for the writer, such as why nothing was put in. */
  hint: (text: string) => void;
  failed: (error: unknown) => void;
}

const question = 'clinical_question';
const comparison = 'comparison';

export class ReportAids {
  readonly order = new OrderCard(() => this.useOrder());
  readonly begin = new BeginWith();
  readonly menus: readonly AidMenu[];
  private known: Assistance | undefined;

  constructor(
    private readonly client: Pick<ReportClient, 'assistance'>,
    private readonly sections: () => ReportSections,
    private readonly events: AidsEvents,
  ) {
    this.menus = [
      new AidMenu('report-templates', 'Templates', 'template', 'There are no templates yet.', () =>
        Promise.resolve(this.templates),
      ),
      new AidMenu('report-macros', 'Macros', 'macro', 'There are no macros yet.', () =>
        Promise.resolve(this.macros),
      ),
      new AidMenu('report-comparison', 'Comparison', 'comparison', 'The patient has no other study.', () =>
        this.comparisons(),
      ),
    ];
  }

  /** Asks anew: which priors were opened changes while the images are read. */
  async load(): Promise<void> {
    try {
      this.known = await this.client.assistance();
    } catch (error) {
      this.events.failed(error);
    }
  }

  show(isWriting: boolean): void {
    const sections = this.sections();
    const hasReason = Boolean(this.known?.order?.reason);
    this.order.show(this.known?.order, isWriting && hasReason && !sections.saysSomething(question));
    this.begin.show(this.templates, isWriting && !sections.hasWords);
  }

  /** What a shortcut stands for, with what the study says in it. */
  macro(shortcut: string): JSONContent[] | undefined {
    const found = this.known?.macros.find((macro) => macro.shortcut === shortcut);
    return found && inlineOf(found.text, this.known?.facts ?? {});
  }

  /** Puts the priors that the reader opened into the comparison. */
  async insertOpened(): Promise<void> {
    await this.load();
    const opened = (this.known?.priors ?? []).filter((prior) => prior.isOpened && !prior.isDoubtful);
    if (opened.length === 0) this.events.hint('You have not opened a prior of this patient');
    for (const { name } of opened) this.sections().append(comparison, name);
  }

  private get templates(): AidsChoice[] {
    return (this.known?.templates ?? []).map((template) => ({
      label: template.name,
      detail: [template.details, template.isOwn ? 'own' : ''].filter(Boolean).join(' · '),
      isLikely: template.fits,
      run: () => void this.use(template),
    }));
  }

  private get macros(): AidsChoice[] {
    return (this.known?.macros ?? []).map(({ shortcut, text }) => ({
      label: `.${shortcut}`,
      detail: text.length > 90 ? `${text.slice(0, 90)} …` : text,
      isLikely: false,
      run: () => this.sections().focused?.insertInline(this.macro(shortcut) ?? []),
    }));
  }

  private async comparisons(): Promise<AidsChoice[]> {
    await this.load();
    const priors = (this.known?.priors ?? []).filter((prior) => !prior.isDoubtful);
    const all = {
      label: 'All that I opened',
      detail: '',
      isLikely: true,
      run: () => void this.insertOpened(),
    };
    const each = priors.map(({ name, isOpened, isEarlier }) => ({
      label: name,
      detail: [isOpened ? 'opened' : 'not opened', isEarlier ? '' : 'later'].filter(Boolean).join(' · '),
      isLikely: false,
      run: () => this.sections().append(comparison, name),
    }));
    return priors.some((prior) => prior.isOpened) ? [all, ...each] : each;
  }

  private async use(template: Template): Promise<void> {
    await this.load();
    const facts = this.known?.facts ?? {};
    const content: ReportContent = {};
    for (const [key, document] of Object.entries(template.content))
      if (document) content[key] = filled(document, facts);
    if (!content[question] && this.known?.order?.reason)
      content[question] = paragraph(this.known.order.reason);
    const left = this.sections().fill(content);
    if (left > 0) this.events.hint('Sections that had words were left as they are');
  }

  private useOrder(): void {
    const { reason, history } = this.known?.order ?? { reason: '', history: '' };
    for (const line of [reason, history]) if (line) this.sections().append(question, line);
  }
}

function paragraph(text: string): JSONContent {
  return { type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] };
}
