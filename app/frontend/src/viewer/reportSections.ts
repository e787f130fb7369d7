/** The sections of a report as they are edited: one editor each, and what they say together. */

import type { JSONContent } from '@tiptap/core';
import type { FieldAttributes } from '../report/fields';
import type { ReportImage, SectionEditor } from '../report/editor';
import type { ReportContent } from './reportClient';

export const sectionTitles: ReadonlyMap<string, string> = new Map([
  ['clinical_question', 'Clinical question'],
  ['technique', 'Technique'],
  ['comparison', 'Comparison'],
  ['findings', 'Findings'],
  ['impression', 'Impression'],
]);

export interface SectionsEvents {
  placeOf: (key: string) => HTMLElement | undefined;
  changed: (content: ReportContent) => void;
  pictureUrl: (image: ReportImage) => string;
  macro: (shortcut: string) => JSONContent[] | undefined;
  /** A field with choices is selected, or none any more. */
  fieldSelected: (field: FieldAttributes | undefined, place: () => DOMRect) => void;
}

export class ReportSections {
  private readonly editors = new Map<string, SectionEditor>();
  private content: ReportContent = {};
  private lastFocused: SectionEditor | undefined;

  constructor(private readonly events: SectionsEvents) {}

  /** Where words go that are put in: where the writer was last, else the findings. */
  get focused(): SectionEditor | undefined {
    return this.lastFocused ?? this.editors.get('findings');
  }

  get hasWords(): boolean {
    return [...this.editors.values()].some((editor) => !editor.isEmpty);
  }

  saysSomething(key: string): boolean {
    return this.editors.get(key)?.isEmpty === false;
  }

  set isEditable(isEditable: boolean) {
    for (const editor of this.editors.values()) editor.isEditable = isEditable;
  }

  /** Shows what the server has; nobody is told of a change. */
  async show(content: ReportContent): Promise<void> {
    const { SectionEditor } = await import('../report/editor');
    this.content = { ...content };
    for (const [key, title] of sectionTitles) {
      const place = this.events.placeOf(key);
      const editor = this.editors.get(key);
      if (editor) editor.show(content[key]);
      else if (place)
        this.editors.set(key, new SectionEditor(place, this.optionsOf(key, title, content[key])));
    }
  }

  focus(key: string): void {
    this.editors.get(key)?.focus();
  }

  /** Begins each section that says nothing with these words; returns how many said something and were left. */
  fill(content: ReportContent): number {
    const left = [...sectionTitles.keys()].filter((key) => {
      const document = content[key];
      if (!document || this.saysSomething(key)) return document !== undefined;
      this.editors.get(key)?.begin(document);
      return false;
    });
    this.leave(undefined, 1);
    return left.length;
  }

  /** Replaces everything with words that were kept. */
  replace(content: ReportContent): void {
    for (const [key, editor] of this.editors) editor.begin(content[key] ?? { type: 'doc', content: [] });
  }

  /** Adds a line at the end of a section, unless it stands there. */
  append(key: string, line: string): void {
    const editor = this.editors.get(key);
    if (!editor?.text.includes(line)) editor?.append(line);
  }

  /** Tab leads on to the fields of the sections that follow, or that come before. */
  private leave(key: string | undefined, direction: 1 | -1): boolean {
    const keys = [...sectionTitles.keys()];
    const at = key === undefined ? -1 : keys.indexOf(key);
    const next = direction === 1 ? keys.slice(at + 1) : keys.slice(0, at).reverse();
    return next.some((other) => this.editors.get(other)?.enterFields(direction));
  }

  private optionsOf(key: string, label: string, content: JSONContent | undefined) {
    return {
      label,
      content,
      isEditable: false,
      changed: (written: JSONContent) => {
        this.content = { ...this.content, [key]: written };
        this.events.changed(this.content);
      },
      focused: (editor: SectionEditor) => {
        this.lastFocused = editor;
      },
      pictureUrl: this.events.pictureUrl,
      macro: this.events.macro,
      fields: {
        leave: (direction: 1 | -1) => this.leave(key, direction),
        selected: this.events.fieldSelected,
      },
    };
  }
}
