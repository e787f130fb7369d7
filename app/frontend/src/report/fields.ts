/** Words with fields in braces, as macros and templates have them: `{age}`, or with choices `{side|left|right}`. */

import type { JSONContent } from '@tiptap/core';

/** What is known about the study, by the name of the field that it fills. */
export type Facts = Readonly<Record<string, string>>;

export interface FieldAttributes {
  label: string;
  choices: readonly string[];
}

/** The server allows no more. */
const longestLabel = 80;
const mostChoices = 20;
const inBraces = /\{([^{}|]+)((?:\|[^{}|]+)*)\}/g;

/** The field that words in braces name; undefined where the server would refuse it. */
export function fieldOf(label: string, choices: string): FieldAttributes | undefined {
  const named = label.trim();
  const listed = choices
    .split('|')
    .map((choice) => choice.trim())
    .filter((choice) => choice !== '');
  const isAllowed = [named, ...listed].every((words) => words !== '' && words.length <= longestLabel);
  return isAllowed && listed.length <= mostChoices ? { label: named, choices: listed } : undefined;
}

/** A macro's lines as what stands inside a paragraph; fields that a fact answers are filled. */
export function inlineOf(words: string, facts: Facts): JSONContent[] {
  return words
    .trim()
    .split(/\r?\n/)
    .flatMap((line, index) => [...(index > 0 ? [{ type: 'hardBreak' }] : []), ...lineOf(line, facts)]);
}

/** A template's document with every field filled that a fact answers. */
export function filled(document: JSONContent, facts: Facts): JSONContent {
  if (document.type === 'field') return answered(document, facts) ?? document;
  if (!document.content) return document;
  return { ...document, content: document.content.map((child) => filled(child, facts)) };
}

function lineOf(line: string, facts: Facts): JSONContent[] {
  const found: JSONContent[] = [];
  let end = 0;
  for (const match of line.matchAll(inBraces)) {
    const attrs = fieldOf(match[1] ?? '', match[2] ?? '');
    if (!attrs) continue;
    found.push(...textOf(line.slice(end, match.index)));
    const field = { type: 'field', attrs };
    found.push(answered(field, facts) ?? field);
    end = match.index + match[0].length;
  }
  return [...found, ...textOf(line.slice(end))];
}

function textOf(text: string): JSONContent[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function answered({ attrs, marks }: JSONContent, facts: Facts): JSONContent | undefined {
  const name = String((attrs as FieldAttributes | undefined)?.label).toLowerCase();
  const text = Object.hasOwn(facts, name) ? facts[name] : undefined;
  return text ? { type: 'text', text, ...(marks ? { marks } : {}) } : undefined;
}
