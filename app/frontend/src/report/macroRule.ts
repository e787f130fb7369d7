/** Expands a dot, a shortcut and a space, such as `.normalchest `, as it is typed. */

import { Extension, InputRule, type JSONContent } from '@tiptap/core';
import { selectField } from './fieldNode';

const typedMacro = /(?:^|\s)\.([a-z0-9][a-z0-9_-]{0,30})\s$/i;

/** `expand` gives what stands for a shortcut, inside a paragraph; undefined where it stands for nothing. */
export function macroRule(expand: (shortcut: string) => JSONContent[] | undefined): Extension {
  return Extension.create({
    name: 'macro',
    addInputRules() {
      const { editor } = this;
      return [
        new InputRule({
          find: typedMacro,
          handler: ({ range, match, chain }) => {
            const inline = expand((match[1] ?? '').toLowerCase());
            if (!inline) return null;
            const from = range.from + (match[0].startsWith('.') ? 0 : 1);
            const after = { type: 'text', text: ' ' };
            chain()
              .insertContentAt({ from, to: range.to }, [...inline, after])
              .run();
            if (inline.some(({ type }) => type === 'field'))
              queueMicrotask(() => void selectField(editor, 1, from));
            return undefined;
          },
        }),
      ];
    },
  });
}
