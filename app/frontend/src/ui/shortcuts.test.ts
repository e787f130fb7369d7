// @vitest-environment jsdom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ctPresets } from '../study/presets';
import { commandsFor, type Actions } from '../viewer/commands';
import { keyLabel, listenForKeys } from './shortcuts';

const names = [
  'step',
  'toEnd',
  'stepSeries',
  'toggleCine',
  'choose',
  'preset',
  'zoomBy',
  'rotate',
  'flip',
  'invert',
  'reset',
  'toggleOverlays',
  'help',
] as const;

function recordingActions(): Record<(typeof names)[number], ReturnType<typeof vi.fn>> {
  return Object.fromEntries(names.map((name) => [name, vi.fn()])) as ReturnType<typeof recordingActions>;
}

let actions: ReturnType<typeof recordingActions>;
let singleKeys = true;
let page: HTMLElement;

beforeEach(() => {
  actions = recordingActions();
  singleKeys = true;
  page = document.createElement('div');
  page.innerHTML =
    '<button>b</button><input type="text"><input type="range"><dialog open><p id="in"></p></dialog>';
  document.body.replaceChildren(page);
  listenForKeys(commandsFor(actions as unknown as Actions), () => singleKeys, page);
});

function press(key: string, where = ':scope', init: KeyboardEventInit = {}): void {
  const target = where === ':scope' ? page : page.querySelector(where);
  target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
}

describe('keys', () => {
  test('run their commands', () => {
    press('ArrowDown');
    press('r');
    press('R', ':scope', { shiftKey: true });
    press('2');
    expect(actions.step).toHaveBeenCalledWith(1);
    expect(actions.rotate.mock.calls).toEqual([[1], [-1]]);
    expect(actions.preset).toHaveBeenCalledWith(ctPresets[1]);
  });

  test('work while caps lock is on', () => {
    press('R');
    expect(actions.rotate).toHaveBeenCalledWith(1);
  });

  test('leave the browser its own shortcuts', () => {
    press('r', ':scope', { ctrlKey: true });
    expect(actions.rotate).not.toHaveBeenCalled();
  });

  test('do not act while somebody types or reads the help', () => {
    press('r', 'input[type=text]');
    press('Escape', '#in');
    expect(actions.rotate).not.toHaveBeenCalled();
    expect(actions.reset).not.toHaveBeenCalled();
  });

  test('leave a button its space bar, but not the arrows', () => {
    press(' ', 'button');
    press('ArrowUp', 'button');
    expect(actions.toggleCine).not.toHaveBeenCalled();
    expect(actions.step).toHaveBeenCalledWith(-1);
  });

  test('move images while the slider has the focus', () => {
    press('ArrowDown', 'input[type=range]');
    expect(actions.step).toHaveBeenCalledWith(1);
  });

  test('of a single character can be switched off', () => {
    singleKeys = false;
    press('r');
    press('End');
    expect(actions.rotate).not.toHaveBeenCalled();
    expect(actions.toEnd).toHaveBeenCalledWith('last');
  });

  test('are unique', () => {
    const keys = commandsFor(actions as unknown as Actions).flatMap((command) => command.keys);
    expect(new Set(keys).size).toBe(keys.length);
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
