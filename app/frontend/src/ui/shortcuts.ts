/** Keyboard shortcuts: one table of commands serves the keys, the tool tips and the help. */

export interface Command {
  id: string;
  label: string;
  group: CommandGroup;
  /** As in KeyboardEvent.key; a leading `Shift+` asks for that key. */
  keys: readonly string[];
  run(): void;
}

export type CommandGroup = 'Images' | 'Tools' | 'Measure' | 'Window' | 'View' | 'Series';

const keyNames: Record<string, string | undefined> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
  ' ': 'Space',
};

export function keyLabel(key: string): string {
  const [modifier, plain] = key.startsWith('Shift+') ? ['Shift ', key.slice(6)] : ['', key];
  const name = keyNames[plain] ?? plain;
  return modifier + (name.length === 1 ? name.toUpperCase() : name);
}

/** Elements that use keys themselves; a button needs only Space and Enter. */
function takesKeys(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest('dialog[open]')) return true;
  if (target.matches('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox])')) {
    return true;
  }
  return (key === ' ' || key === 'Enter') && target.closest('button, a, summary') !== null;
}

export function pressedKey(event: KeyboardEvent): string {
  const { key } = event;
  const isLetter = /^[a-z]$/i.test(key);
  if (isLetter) return event.shiftKey ? `Shift+${key.toLowerCase()}` : key.toLowerCase();
  return key;
}

export function isSingleCharacter(key: string): boolean {
  return key.replace(/^Shift\+/, '').length === 1;
}

/**
 * Runs commands by key.
 *
 * `singleKeys` says whether keys that print a character count: people who dictate must be able to switch them off.
 */
export function listenForKeys(
  commands: readonly Command[],
  singleKeys: () => boolean,
  target: EventTarget = document,
): void {
  const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command] as const)));
  const handle = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (takesKeys(event.target, event.key)) return;
    const key = pressedKey(event);
    const command = byKey.get(key);
    if (!command || (isSingleCharacter(key) && !singleKeys())) return;
    event.preventDefault();
    command.run();
  };
  // Before the image library sees the key: it marks every key over an image as dealt with.
  target.addEventListener('keydown', handle, { capture: true });
}
