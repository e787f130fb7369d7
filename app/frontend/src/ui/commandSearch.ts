/** Which commands a few typed letters mean, the likeliest first. */

import { keyLabel, labelOf, type Command } from './shortcuts';

/** The commands that hold every typed word, in their label, their group or as their key; all of them for none. */
export function findCommands(commands: readonly Command[], typed: string): readonly Command[] {
  const words = folded(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands;
  const ranked = commands.flatMap((command) => {
    const ranks = words.map((word) => rankOf(command, word));
    return ranks.some((rank) => rank === undefined)
      ? []
      : [{ command, rank: ranks.reduce<number>((sum, rank) => sum + (rank ?? 0), 0) }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ command }) => command);
}

/** How far a word is from what the reader probably means; undefined where the command does not hold it. */
function rankOf(command: Command, word: string): number | undefined {
  if (command.keys.some((key) => folded(keyLabel(key)) === word)) return 0;
  const label = folded(labelOf(command));
  if (label.startsWith(word)) return 1;
  if (label.includes(` ${word}`)) return 2;
  if (folded(command.group).startsWith(word)) return 3;
  return label.includes(word) ? 4 : undefined;
}

/** Lower case without accents: nobody should have to type either. */
function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .trim();
}
