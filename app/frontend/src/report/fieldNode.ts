/** A field of a template in the editor: a word to jump to with Tab, which whatever is typed replaces. */

import { InputRule, Node, type Editor } from '@tiptap/core';
import { NodeSelection, type EditorState } from '@tiptap/pm/state';
import { fieldOf, type FieldAttributes } from './fields';

export interface FieldEvents {
  /** Tab leads out of this section. False leaves the key to the browser. */
  leave: (direction: 1 | -1) => boolean;
  /** A field is selected, or none any more; `place` is where its choices can be shown. */
  selected: (field: FieldAttributes | undefined, place: () => DOMRect) => void;
}

const typedField = /\{([^{}|]+)((?:\|[^{}|]+)*)\}$/;

/** `isTyped`: whether braces make a field, as in the editor of templates. */
export function fieldNode(events: FieldEvents, isTyped: boolean): Node {
  return Node.create({
    name: 'field',
    group: 'inline',
    inline: true,
    atom: true,
    selectable: true,
    addAttributes: () => ({ label: { default: '' }, choices: { default: [] } }),
    parseHTML: () => [],
    renderHTML: ({ node }) => {
      const { label, choices } = node.attrs as FieldAttributes;
      const hint = choices.length > 0 ? choices.join(' / ') : 'Type to fill';
      return ['span', { class: 'report-field', title: hint }, label];
    },
    renderText: ({ node }) => `[${String(node.attrs.label)}]`,
    addKeyboardShortcuts() {
      const tab = (direction: 1 | -1) => () => selectField(this.editor, direction) || events.leave(direction);
      const digits = Object.fromEntries(
        [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [String(digit), () => pick(this.editor, digit - 1)]),
      );
      return { Tab: tab(1), 'Shift-Tab': tab(-1), ...digits };
    },
    addInputRules() {
      if (!isTyped) return [];
      const { type } = this;
      return [
        new InputRule({
          find: typedField,
          handler: ({ state, range, match }) => {
            const attrs = fieldOf(match[1] ?? '', match[2] ?? '');
            if (!attrs) return null;
            state.tr.replaceWith(range.from, range.to, type.create(attrs));
            return undefined;
          },
        }),
      ];
    },
    onSelectionUpdate() {
      const { editor } = this;
      const { from, to } = editor.state.selection;
      events.selected(selectedField(editor.state), () => {
        const [start, end] = [editor.view.coordsAtPos(from), editor.view.coordsAtPos(to)];
        return new DOMRect(start.left, start.top, end.right - start.left, start.bottom - start.top);
      });
    },
  });
}

/** Selects the next field after the cursor, or before it; false where there is none. */
export function selectField(editor: Editor, direction: 1 | -1, from?: number): boolean {
  const { selection, doc } = editor.state;
  const start = from ?? (direction === 1 ? selection.to : selection.from);
  const places: number[] = [];
  doc.descendants((node, position) => {
    if (node.type.name === 'field') places.push(position);
  });
  const found =
    direction === 1 ? places.find((place) => place >= start) : places.findLast((place) => place < start);
  if (found === undefined) return false;
  // At once: TipTap's own command waits for a frame, and the first letters would go elsewhere.
  editor.view.focus();
  return editor.chain().setNodeSelection(found).scrollIntoView().run();
}

/** Puts a choice in the place of the selected field, and goes on to the next one. */
export function pick(editor: Editor, index: number): boolean {
  const choice = selectedField(editor.state)?.choices[index];
  if (choice === undefined) return false;
  const { from, to } = editor.state.selection;
  const isDone = editor.chain().insertContentAt({ from, to }, { type: 'text', text: choice }).run();
  editor.view.focus();
  selectField(editor, 1);
  return isDone;
}

function selectedField({ selection }: EditorState): FieldAttributes | undefined {
  return selection instanceof NodeSelection && selection.node.type.name === 'field'
    ? (selection.node.attrs as FieldAttributes)
    : undefined;
}
