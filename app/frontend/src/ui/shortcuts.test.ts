// @vitest-environment jsdom
import { beforeEach, describe, expect, test } from 'vitest';
import { keyLabel, listenForKeys, requireOwnKeys, withOwnKeys, type Command } from './shortcuts';

const ran: string[] = [];
let canRotate = true;

function command(id: string, ...keys: string[]): Command {
  return { id, label: id, group: 'View', keys, run: () => ran.push(id) };
}

const commands: Command[] = [
  command('next', 'ArrowDown'),
  command('next viewport', 'Shift+ArrowDown'),
  command('last', 'End'),
  command('reset', 'Escape'),
  command('cine', 'c', ' '),
  command('lung', '2'),
  { ...command('rotate right', 'r'), isEnabled: () => canRotate },
  command('rotate left', 'Shift+r'),
];

let singleKeys = true;
let page: HTMLElement;

beforeEach(() => {
  ran.length = 0;
  canRotate = true;
  singleKeys = true;
  page = document.createElement('div');
  page.innerHTML =
    '<button>b</button><input type="text"><input type="range"><dialog open><p id="in"></p></dialog>';
  document.body.replaceChildren(page);
  listenForKeys(commands, () => singleKeys, page);
});

function press(key: string, where = ':scope', init: KeyboardEventInit = {}): void {
  const target = where === ':scope' ? page : page.querySelector(where);
  target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
}

describe('keys', () => {
  test('run their commands', () => {
    press('ArrowDown');
    press('ArrowDown', ':scope', { shiftKey: true });
    press('r');
    press('R', ':scope', { shiftKey: true });
    press('2');
    expect(ran).toEqual(['next', 'next viewport', 'rotate right', 'rotate left', 'lung']);
  });

  test('work while caps lock is on', () => {
    press('R');
    expect(ran).toEqual(['rotate right']);
  });

  test('leave the browser its own shortcuts', () => {
    press('r', ':scope', { ctrlKey: true });
    expect(ran).toEqual([]);
  });

  test('do not act while somebody types or reads the help', () => {
    press('r', 'input[type=text]');
    press('Escape', '#in');
    expect(ran).toEqual([]);
  });

  test('leave a button its space bar, but not the arrows', () => {
    press(' ', 'button');
    press('ArrowDown', 'button');
    expect(ran).toEqual(['next']);
  });

  test('move images while the slider has the focus', () => {
    press('ArrowDown', 'input[type=range]');
    expect(ran).toEqual(['next']);
  });

  test('of a single character can be switched off', () => {
    singleKeys = false;
    press('r');
    press('End');
    expect(ran).toEqual(['last']);
  });

  test('do nothing for what cannot be done now', () => {
    canRotate = false;
    press('r');
    expect(ran).toEqual([]);
  });

  test('belong to one command each', () => {
    const twice = [...commands, command('report', 'r')];
    expect(() => requireOwnKeys(twice)).toThrow('rotate right and report both want the key r');
    expect(() => requireOwnKeys(commands)).not.toThrow();
  });

  test('of the reader take the place of those that a command has', () => {
    let own: Record<string, string[]> = {};
    const changed = withOwnKeys(commands, () => own);
    const keysOf = (id: string): readonly string[] | undefined =>
      changed.find((candidate) => candidate.id === id)?.keys;
    own = { lung: ['c'], last: [] };
    expect(keysOf('lung')).toEqual(['c']);
    expect(keysOf('cine')).toEqual([' ']);
    expect(keysOf('last')).toEqual([]);
    expect(keysOf('next')).toEqual(['ArrowDown']);
  });

  test('are written as they stand on the keyboard', () => {
    expect(['ArrowUp', 'Shift+r', ' ', 'PageDown'].map(keyLabel)).toEqual([
      '↑',
      'Shift R',
      'Space',
      'Page Down',
    ]);
  });
});
