import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultPreferences, sectionOf } from '../study/preferences';
import { Preferences } from './preferences';

class Memory {
  readonly held = new Map<string, string>();
  getItem = (key: string): string | null => this.held.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.held.set(key, value);
  removeItem = (key: string): void => void this.held.delete(key);
}

const saved: object[] = [];
const posted: unknown[] = [];
let fails = false;
let memory: Memory;
let receive: (event: { data: unknown }) => void;

function open(section?: unknown): Preferences {
  return new Preferences(section, {
    save: (value) => {
      if (fails) return Promise.reject(new Error('no connection'));
      saved.push(value);
      return Promise.resolve();
    },
    storage: memory,
    storageKey: 'own',
    channel: {
      postMessage: (message: unknown) => void posted.push(message),
      addEventListener: (_: string, listener: unknown) => {
        receive = listener as typeof receive;
      },
    },
  });
}

async function pass(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000);
}

beforeEach(() => {
  vi.useFakeTimers();
  saved.length = posted.length = 0;
  fails = false;
  memory = new Memory();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('preferences', () => {
  test('count at once and are saved once the reader pauses', async () => {
    const own = open();
    const told = vi.fn();
    own.listen(told);
    own.change({ cineRate: 20 });
    own.change({ cineRate: 25 });
    expect(own.current.cineRate).toBe(25);
    expect(told).toHaveBeenCalled();
    expect(saved).toEqual([]);
    await pass();
    expect(saved).toEqual([{ format: 1, cineRate: 25 }]);
    expect(own.state).toBe('kept');
  });

  test('can be taken back, and all be as they were', async () => {
    const own = open({ format: 1, cineRate: 20 });
    expect(own.canUndo).toBe(false);
    own.change({ singleKeys: false });
    own.undo();
    expect(own.current).toEqual({ ...defaultPreferences, cineRate: 20 });
    own.undo();
    expect(own.current.singleKeys).toBe(false);
    own.reset();
    expect(own.isDefault).toBe(true);
    await pass();
    expect(saved).toEqual([{ format: 1 }]);
  });

  test('that cannot be saved stay with the tab, and are saved when it works again', async () => {
    fails = true;
    const own = open();
    own.change({ tool: 'length' });
    await pass();
    expect([own.state, own.current.tool]).toEqual(['failed', 'length']);
    const reloaded = open({ format: 1 });
    expect(reloaded.current.tool).toBe('length');
    fails = false;
    await pass();
    expect(saved).toEqual([{ format: 1, tool: 'length' }]);
    expect(memory.held.size).toBe(0);
    own.retry();
    await pass();
    expect(own.state).toBe('kept');
  });

  test('reach the other windows of the reader', () => {
    const own = open();
    own.change({ cineRate: 30 });
    expect(posted).toEqual([{ format: 1, cineRate: 30 }]);
    receive({ data: sectionOf({ ...defaultPreferences, singleKeys: false }) });
    expect(own.current).toEqual({ ...defaultPreferences, singleKeys: false });
    expect(posted).toHaveLength(1);
    expect(own.canUndo).toBe(false);
  });

  test('that this tab holds back in a form that nobody can read are left alone', () => {
    memory.setItem('own', '{');
    expect(open({ format: 1, cineRate: 12 }).current.cineRate).toBe(12);
  });
});
