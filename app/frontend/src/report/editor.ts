/** The editor of one section of a report: TipTap with what a report may hold, and nothing else. */

import { Editor, Node, type JSONContent } from '@tiptap/core';
import StarterKit from '@tiptap/starter-kit';
import { fieldNode, pick, selectField, type FieldEvents } from './fieldNode';
import { macroRule } from './macroRule';

export type ReportDocument = JSONContent;

/** One frame, in the window that the writer saw; the server draws it for the page and for print. */
export interface ReportImage {
  instance: string;
  frame: number;
  center: number | null;
  width: number | null;
}

export interface EditorOptions {
  label: string;
  content: ReportDocument | undefined;
  isEditable: boolean;
  changed: (document: ReportDocument) => void;
  focused: (editor: SectionEditor) => void;
  pictureUrl: (image: ReportImage) => string;
  /** What stands for the shortcut of a macro, inside a paragraph. */
  macro: (shortcut: string) => JSONContent[] | undefined;
  fields: FieldEvents;
  /** Whether braces make fields: in a template, not in a report. */
  isTemplate?: boolean;
}

export class SectionEditor {
  private readonly editor: Editor;

  constructor(host: HTMLElement, options: EditorOptions) {
    this.editor = new Editor({
      element: host,
      injectCSS: false,
      editable: options.isEditable,
      content: options.content ?? '',
      extensions: [
        StarterKit.configure({
          blockquote: false,
          code: false,
          codeBlock: false,
          heading: false,
          horizontalRule: false,
          link: false,
          strike: false,
        }),
        keyImage(options.pictureUrl),
        fieldNode(options.fields, options.isTemplate ?? false),
        macroRule(options.macro),
      ],
      editorProps: { attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': options.label } },
      onUpdate: ({ editor }) => options.changed(editor.getJSON()),
      onFocus: () => options.focused(this),
    });
  }

  get document(): ReportDocument {
    return this.editor.getJSON();
  }

  get isEmpty(): boolean {
    return this.editor.isEmpty;
  }

  get text(): string {
    return this.editor.getText();
  }

  get selectedText(): string {
    const { doc, selection } = this.editor.state;
    return doc.textBetween(selection.from, selection.to, ' ', ' ').trim();
  }

  set isEditable(isEditable: boolean) {
    this.editor.setEditable(isEditable, false);
  }

  /** Shows another version; nobody is told of a change. */
  show(content: ReportDocument | undefined): void {
    this.editor.commands.setContent(content ?? '', { emitUpdate: false });
  }

  focus(): void {
    this.editor.commands.focus();
  }

  toggle(style: 'bold' | 'italic' | 'underline' | 'bulletList' | 'orderedList'): void {
    const chain = this.editor.chain().focus();
    const toggles = {
      bold: () => chain.toggleBold(),
      italic: () => chain.toggleItalic(),
      underline: () => chain.toggleUnderline(),
      bulletList: () => chain.toggleBulletList(),
      orderedList: () => chain.toggleOrderedList(),
    };
    toggles[style]().run();
  }

  /** Puts words where the writer is, and goes to the first field in them. */
  insertInline(inline: JSONContent[]): void {
    const { from } = this.editor.state.selection;
    this.editor.chain().focus().insertContent(inline).run();
    if (inline.some(({ type }) => type === 'field')) selectField(this.editor, 1, from);
  }

  /** Selects the first field, or the last; false where there is none. */
  enterFields(direction: 1 | -1): boolean {
    return selectField(this.editor, direction, direction === 1 ? 0 : this.editor.state.doc.content.size);
  }

  pick(choice: number): void {
    pick(this.editor, choice);
  }

  /** Adds a line at the end of the section, below what it says. */
  append(text: string): void {
    const paragraph = { type: 'paragraph', content: [{ type: 'text', text }] };
    if (this.isEmpty)
      this.editor.commands.setContent({ type: 'doc', content: [paragraph] }, { emitUpdate: true });
    else this.editor.commands.insertContentAt(this.editor.state.doc.content.size, paragraph);
  }

  /** Begins the section with other words, which count as written. */
  begin(document: ReportDocument): void {
    this.editor.commands.setContent(document, { emitUpdate: true });
  }

  /** Adds lines as paragraphs where the writer is. */
  insertLines(lines: readonly string[]): void {
    const paragraphs = lines.map((text) => ({ type: 'paragraph', content: [{ type: 'text', text }] }));
    this.editor.chain().focus().insertContent(paragraphs).run();
  }

  insertImage(image: ReportImage): void {
    this.editor
      .chain()
      .focus()
      .insertContent([{ type: 'keyImage', attrs: image }, { type: 'paragraph' }])
      .run();
  }

  destroy(): void {
    this.editor.destroy();
  }
}

function keyImage(pictureUrl: (image: ReportImage) => string): Node {
  return Node.create({
    name: 'keyImage',
    group: 'block',
    atom: true,
    draggable: true,
    addAttributes: () => ({
      instance: { default: '' },
      frame: { default: 1 },
      center: { default: null },
      width: { default: null },
    }),
    // Pasted markup never becomes an image of a patient.
    parseHTML: () => [],
    renderHTML: ({ node }) => [
      'figure',
      { class: 'report-key-image' },
      ['img', { src: pictureUrl(node.attrs as ReportImage), alt: 'Key image' }],
    ],
  });
}
