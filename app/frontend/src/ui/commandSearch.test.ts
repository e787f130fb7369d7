import { expect, test } from 'vitest';
import { findCommands } from './commandSearch';
import type { Command } from './shortcuts';

function command(id: string, label: string, group: Command['group'], ...keys: string[]): Command {
  return { id, label, group, keys, run: () => undefined };
}

const commands = [
  command('zoom-in', 'Zoom in', 'View', '+'),
  command('rotate', 'Rotate right', 'View', 'r'),
  command('window', 'Window and level', 'Tools', 'w'),
  command('cobb', 'Measure a Cobb angle', 'Measure', 'g'),
  command('angle', 'Measure an angle', 'Measure', 'a'),
  { ...command('preset-2', 'Window preset 2', 'Window', '2'), currentLabel: () => 'Lúng window' },
];

function found(typed: string): string[] {
  return findCommands(commands, typed).map(({ id }) => id);
}

test('nothing typed finds everything, in its order', () => {
  expect(found('  ')).toEqual(commands.map(({ id }) => id));
});

test('what begins with the words comes first', () => {
  expect(found('window')).toEqual(['window', 'preset-2']);
  expect(found('right')).toEqual(['rotate']);
  expect(found('oom')).toEqual(['zoom-in']);
});

test('every word counts, in any order, case or accent', () => {
  expect(found('ANGLE cobb')).toEqual(['cobb']);
  expect(found('angle')).toEqual(['cobb', 'angle']);
  expect(found('lung')).toEqual(['preset-2']);
  expect(found('cobb lung')).toEqual([]);
});

test('a key finds its command, a group its members', () => {
  expect(found('g')[0]).toBe('cobb');
  expect(found('measure')).toEqual(['cobb', 'angle']);
  expect(found('tools')).toEqual(['window']);
});
