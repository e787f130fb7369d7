import { beforeEach, describe, expect, test } from 'vitest';
import { WindowLink, type Channel, type Role } from './windowLink';

type Listener = (event: { data: unknown }) => void;

let listeners: { owner: object; listener: Listener }[] = [];

function channel(): Channel {
  const owner = {};
  return {
    postMessage: (data: unknown) => {
      for (const other of [...listeners]) if (other.owner !== owner) other.listener({ data });
    },
    addEventListener: (_: string, listener: unknown) => {
      listeners.push({ owner, listener: listener as Listener });
    },
    close: () => {
      listeners = listeners.filter((other) => other.owner !== owner);
    },
  };
}

function open(
  role: Role,
  study: string,
): { link: WindowLink; heard: unknown[]; moved: string[]; close: () => void } {
  const heard: unknown[] = [];
  const moved: string[] = [];
  const own = channel();
  const link = new WindowLink(role, study, own, {
    linked: () => undefined,
    followed: (change) => heard.push(change),
    studyChanged: (uid) => moved.push(uid),
  });
  const close = (): void => {
    link.leave();
    own.close();
  };
  return { link, heard, moved, close };
}

const tool = { kind: 'tool', tool: 'pan' } as const;

beforeEach(() => {
  listeners = [];
});

describe('two windows', () => {
  test('find each other, whichever comes first', () => {
    const first = open('first', '1.2');
    expect(first.link.isLinked).toBe(false);
    const second = open('second', '1.2');
    expect([first.link.isLinked, second.link.isLinked]).toEqual([true, true]);
  });

  test('follow each other', () => {
    const [first, second] = [open('first', '1.2'), open('second', '1.2')];
    first.link.tell(tool);
    second.link.tell({ kind: 'window', modality: 'CT', window: { center: 40, width: 80 } });
    expect(second.heard).toEqual([tool]);
    expect(first.heard).toHaveLength(1);
  });

  test('go on alone when the other is closed', () => {
    const [first, second] = [open('first', '1.2'), open('second', '1.2')];
    second.close();
    first.link.tell(tool);
    expect(first.link.isLinked).toBe(false);
    expect(second.heard).toEqual([]);
  });

  test('go to the next study together, the second after the first', () => {
    const before = open('first', '1.2');
    const second = open('second', '1.2');
    before.close();
    expect(second.link.isLinked).toBe(false);
    const next = open('first', '1.3');
    expect(second.moved).toEqual(['1.3']);
    expect(next.link.isLinked).toBe(false);
    second.close();
    open('second', '1.3');
    expect(next.link.isLinked).toBe(true);
  });

  test('the first never follows the second to another study', () => {
    const first = open('first', '1.2');
    const second = open('second', '1.3');
    expect(first.moved).toEqual([]);
    expect(second.moved).toEqual(['1.2']);
    expect(first.link.isLinked).toBe(false);
  });
});
