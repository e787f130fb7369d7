import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionError, HttpError } from '../dicomweb/errors';
import { ReportConflict, type Report, type ReportContent } from './reportClient';
import { ReportKeeper, type WritingState } from './reportKeeper';

const empty: Report = { state: null, version: 0, content: {}, addenda: [], mayWrite: true, writer: null };
const text = (words: string): ReportContent => ({
  findings: { type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text: words }] }] },
});

let saves: [ReportContent, number][];
let failure: Error | undefined;
let lockFailure: Error | undefined;
let unlocked: number;
let states: WritingState[];
let stopped: string[];
let kept: [ReportContent, number][];
let discarded: number;
let keeper: ReportKeeper;

beforeEach(() => {
  vi.useFakeTimers();
  [saves, states, stopped, kept, discarded] = [[], [], [], [], 0];
  [failure, lockFailure, unlocked] = [undefined, undefined, 0];
  keeper = new ReportKeeper(
    {
      load: () => Promise.resolve(empty),
      lock: () => (lockFailure ? Promise.reject(lockFailure) : Promise.resolve(empty)),
      unlock: () => {
        unlocked += 1;
        return Promise.resolve();
      },
      save: (content, version) => {
        if (failure) return Promise.reject(failure);
        saves.push([content, version]);
        return Promise.resolve({ ...empty, state: 'draft', content, version: version + 1 });
      },
    },
    {
      shown: () => undefined,
      stateChanged: (state) => states.push(state),
      stopped: (why) => stopped.push(why),
      failed: () => undefined,
    },
    {
      keep: (content, version) => {
        kept.push([content, version]);
        return true;
      },
      discard: () => {
        discarded += 1;
      },
    },
  );
});

afterEach(() => {
  vi.useRealTimers();
});

test('words are saved after a pause, each time from the version that the server gave', async () => {
  await keeper.begin();
  keeper.changed(text('No'));
  keeper.changed(text('No lesion'));
  await vi.advanceTimersByTimeAsync(2000);
  keeper.changed(text('No lesion.'));
  await vi.advanceTimersByTimeAsync(2000);
  expect(saves).toEqual([
    [text('No lesion'), 0],
    [text('No lesion.'), 1],
  ]);
  expect(states.at(-1)).toBe('saved');
});

test('nothing is sent by who only reads', async () => {
  await keeper.load();
  keeper.changed(text('x'));
  await vi.advanceTimersByTimeAsync(5000);
  expect(saves).toEqual([]);
});

test('words wait for the server and are sent when it is back', async () => {
  await keeper.begin();
  failure = new ConnectionError();
  keeper.changed(text('kept'));
  await vi.advanceTimersByTimeAsync(2000);
  expect(states.at(-1)).toBe('waiting');
  expect(keeper.isSaved).toBe(false);
  failure = undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(saves).toEqual([[text('kept'), 0]]);
  expect(keeper.isSaved).toBe(true);
});

test('ending sends the last words and lets others write', async () => {
  await keeper.begin();
  keeper.changed(text('last'));
  await keeper.end();
  expect(saves).toEqual([[text('last'), 0]]);
  expect(unlocked).toBe(1);
  expect(keeper.writes).toBe(false);
});

test('whoever is overruled stops writing and hears why', async () => {
  await keeper.begin();
  failure = new ReportConflict('The report was changed meanwhile.', empty);
  keeper.changed(text('mine'));
  await vi.advanceTimersByTimeAsync(2000);
  expect(stopped).toEqual(['The report was changed meanwhile.']);
  keeper.changed(text('mine again'));
  failure = undefined;
  await vi.advanceTimersByTimeAsync(5000);
  expect(saves).toEqual([]);
});

test('a lock that somebody else took is noticed without a word written', async () => {
  await keeper.begin();
  lockFailure = new HttpError(423, undefined);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(stopped).toEqual(['Somebody else took the report over.']);
});

test('only what the server does not take is kept on the computer, until it takes it', async () => {
  await keeper.begin();
  keeper.changed(text('sent'));
  await vi.advanceTimersByTimeAsync(2000);
  expect(kept).toEqual([]);
  failure = new ConnectionError();
  keeper.changed(text('offline'));
  await vi.advanceTimersByTimeAsync(2000);
  keeper.changed(text('offline, more'));
  expect(kept).toEqual([
    [text('offline'), 1],
    [text('offline, more'), 1],
  ]);
  failure = undefined;
  discarded = 0;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(saves.at(-1)).toEqual([text('offline, more'), 1]);
  expect(discarded).toBe(1);
});

test('the last words are sent and kept when the page is left', async () => {
  await keeper.begin();
  keeper.leaving();
  expect(kept).toEqual([]);
  keeper.changed(text('last'));
  keeper.leaving();
  expect(kept).toEqual([[text('last'), 0]]);
  await vi.advanceTimersByTimeAsync(0);
  expect(saves).toEqual([[text('last'), 0]]);
});

test('whoever is overruled keeps the words that were not saved', async () => {
  await keeper.begin();
  failure = new HttpError(423, undefined);
  keeper.changed(text('mine'));
  await vi.advanceTimersByTimeAsync(2000);
  expect(stopped).toEqual(['Somebody else took the report over.']);
  expect(kept).toEqual([[text('mine'), 0]]);
});
