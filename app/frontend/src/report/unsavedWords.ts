/**
 * Words of a report that the server did not take, kept on this computer until it does.
 *
 * The browser's storage is not encrypted, and others may use the computer: only what could not be sent is written there,
 * by user and study, and it goes as soon as it is sent, when it is discarded, at sign-out and after a day. It has to
 * outlive the window, which the storage of the session does not.
 */

import type { JSONContent } from '@tiptap/core';

export type Words = Partial<Record<string, JSONContent>>;

export interface KeptWords {
  content: Words;
  /** Of the report, that they were written from. */
  version: number;
  /** Milliseconds since 1970. */
  at: number;
}

const prefix = 'noctis.unsaved-report:';
const longestKeptMs = 24 * 60 * 60 * 1000;

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export class UnsavedWords {
  private readonly name: string;

  constructor(
    private readonly storage: Store,
    user: string,
    studyUid: string,
    private readonly now: () => number = Date.now,
  ) {
    this.name = `${prefix}${user}:${studyUid}`;
    forget(storage, (kept) => kept === undefined || now() - kept.at > longestKeptMs);
  }

  /** Whether the browser took them: its storage may be full or forbidden. */
  keep(content: Words, version: number): boolean {
    try {
      this.storage.setItem(
        this.name,
        JSON.stringify({ content, version, at: this.now() } satisfies KeptWords),
      );
      return true;
    } catch {
      return false;
    }
  }

  get kept(): KeptWords | undefined {
    return read(this.storage, this.name);
  }

  discard(): void {
    this.storage.removeItem(this.name);
  }
}

/** At sign-out: nothing of any patient stays behind. */
export function forgetUnsavedWords(storage: Store): void {
  forget(storage, () => true);
}

/** Whether two reports say the same, whatever the order in which their parts were written down. */
export function sayTheSame(one: Words, other: Words): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => plain(one[key]) === plain(other[key]));
}

function forget(storage: Store, goes: (kept: KeptWords | undefined) => boolean): void {
  const names = Array.from({ length: storage.length }, (_, index) => storage.key(index));
  for (const name of names)
    if (name?.startsWith(prefix) && goes(read(storage, name))) storage.removeItem(name);
}

function read(storage: Store, name: string): KeptWords | undefined {
  try {
    const kept = JSON.parse(storage.getItem(name) ?? 'null') as Partial<KeptWords> | null;
    return kept?.content && typeof kept.at === 'number' && typeof kept.version === 'number'
      ? (kept as KeptWords)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Everything that a reader sees of a section: paragraphs without words count for nothing. */
function plain(node: JSONContent | undefined): string {
  if (!node) return '';
  const { type = '', text = '', marks = [], content = [], attrs } = node;
  const inner = content.map(plain).join('');
  if (type === 'doc' || (type === 'paragraph' && inner === '')) return inner;
  const shown = type === 'keyImage' || type === 'field' ? Object.values(attrs ?? {}).join('|') : '';
  return `<${type} ${marks.map((mark) => mark.type).join(' ')} ${shown}>${text}${inner}</>`;
}
