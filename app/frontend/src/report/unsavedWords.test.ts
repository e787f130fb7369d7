import { beforeEach, expect, test } from 'vitest';
import { forgetUnsavedWords, sayTheSame, UnsavedWords, type Words } from './unsavedWords';

class MemoryStorage {
  readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }
  key = (index: number): string | null => [...this.items.keys()][index] ?? null;
  getItem = (name: string): string | null => this.items.get(name) ?? null;
  setItem = (name: string, value: string): void => void this.items.set(name, value);
  removeItem = (name: string): void => void this.items.delete(name);
}

const words = (text: string): Words => ({
  findings: { type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] },
});
const day = 24 * 60 * 60 * 1000;

let storage: MemoryStorage;
let now: number;
const unsaved = (user = 'ada', study = '1.2.3') => new UnsavedWords(storage, user, study, () => now);

beforeEach(() => {
  storage = new MemoryStorage();
  now = 1000;
});

test('words are there again for the same user and study, and for nobody else', () => {
  unsaved().keep(words('Half a'), 3);
  expect(unsaved().kept).toEqual({ content: words('Half a'), version: 3, at: 1000 });
  expect(unsaved('bob').kept).toBeUndefined();
  expect(unsaved('ada', '1.2.4').kept).toBeUndefined();
  unsaved().discard();
  expect(unsaved().kept).toBeUndefined();
});

test('nothing outlives a day or a sign-out, and other things in the storage stay', () => {
  storage.setItem('theme', 'dark');
  unsaved('ada').keep(words('a'), 0);
  now += day;
  unsaved('bob').keep(words('b'), 0);
  expect(unsaved('ada').kept?.content).toEqual(words('a'));
  now += 1;
  expect(unsaved('ada').kept).toBeUndefined();
  expect(unsaved('bob').kept?.content).toEqual(words('b'));
  forgetUnsavedWords(storage);
  expect([...storage.items]).toEqual([['theme', 'dark']]);
});

test('a storage that takes nothing, or holds something else, is no trouble', () => {
  storage.setItem = () => {
    throw new Error('full');
  };
  expect(unsaved().keep(words('a'), 0)).toBe(false);
  storage.items.set('noctis.unsaved-report:ada:1.2.3', '{');
  expect(unsaved().kept).toBeUndefined();
});

test('what the server wrote down in another order says the same', () => {
  const bold = { type: 'text', marks: [{ type: 'bold', attrs: {} }], text: 'a' };
  const one = { findings: { type: 'doc', content: [{ type: 'paragraph', content: [bold] }] } };
  const other = {
    findings: {
      content: [{ content: [{ text: 'a', type: 'text', marks: [{ type: 'bold' }] }], type: 'paragraph' }],
    },
    impression: { type: 'doc', content: [{ type: 'paragraph' }] },
  };
  expect(sayTheSame(one, { ...other, findings: { type: 'doc', ...other.findings } })).toBe(true);
  expect(sayTheSame(one, words('a'))).toBe(false);
  expect(sayTheSame(words('a'), words('b'))).toBe(false);
});
