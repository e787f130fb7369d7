/** Keyboard shortcuts: one table of commands serves the keys, the tool tips and the help. */

import type { IconName } from './icons';

export interface Command {
  id: string;
  label: string;
  /** What it is called now, where that depends on what is shown; its `label` says it in general. */
  currentLabel?: () => string | undefined;
  group: CommandGroup;
  /** As in KeyboardEvent.key; a leading `Shift+` asks for that key. */
  keys: readonly string[];
  /** Its keys come with what it stands for, so that the reader does not change them here. */
  isKeyGiven?: boolean;
  run: () => void;
  /** Its button in the tool bar, for what has one. */
  button?: CommandButtonLook;
  /** Whether it is switched on; absent for what is an action rather than a choice. */
  isPressed?: () => boolean;
  /** Whether it can be used now; absent where it always can. */
  isEnabled?: () => boolean;
  /** Whether its button is there at all; absent where it always is. */
  isOffered?: () => boolean;
}

export interface CommandButtonLook {
  place: ButtonPlace;
  /** The menu of the tool bar that it stands in, if it has no room of its own. */
  menu?: ButtonMenu;
  /** A function where the picture depends on what is going on. */
  icon?: IconName | (() => IconName);
  /** Words in place of a picture; a function where they depend on what is shown. */
  text?: string | (() => string);
  /** What the button does now, where that is not always the same. */
  label?: () => string;
}

/**
 * Groups of the tool bar, in their order. Measuring tools, panels and what concerns the page as a whole have places of
 * their own: left and right of the images, and above the tool bar.
 */
export const buttonPlaces = {
  mouse: 'Mouse tool',
  window: 'Window',
  view: 'View',
  cine: 'Cine',
  layout: 'Layout',
  volume: 'Volume',
  presentation: 'Presentation',
  display: 'Display',
  page: 'Page',
  panels: 'Panels',
  measure: 'Measuring tools',
} as const;

/** Menus of the tool bar; each shows what is chosen in it, or the word for what is not in it. */
export const buttonMenus = {
  window: { label: 'Window presets', icon: 'presets', unchosen: 'Own' },
  turn: { label: 'Turn and flip', icon: 'rotateRight', unchosen: '' },
} as const satisfies Record<string, { label: string; icon: IconName; unchosen: string }>;

export type ButtonMenu = keyof typeof buttonMenus;

export type ButtonPlace = keyof typeof buttonPlaces;

export type CommandGroup =
  | 'Images'
  | 'Tools'
  | 'Measure'
  | 'Window'
  | 'View'
  | 'Series'
  | 'Layout'
  | 'Volume'
  | 'Presentation'
  | 'Study';

export function labelOf(command: Command): string {
  return command.currentLabel?.() ?? command.label;
}

export function isUsable(command: Command): boolean {
  return command.isEnabled?.() !== false;
}

/**
 * The same commands with the reader's own keys in place of theirs, as they are whenever they are asked for.
 *
 * A key that the reader gave to one command is no other's, whatever the others have by default.
 */
export function withOwnKeys(
  commands: readonly Command[],
  own: () => Readonly<Record<string, readonly string[]>>,
): Command[] {
  return commands.map((command) => ({
    ...command,
    get keys() {
      const mine = own();
      const given = new Set(Object.values(mine).flat());
      return mine[command.id] ?? command.keys.filter((key) => !given.has(key));
    },
  }));
}

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
  if (target.closest('dialog[open], [popover]')) return true;
  if (target.matches('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox])')) {
    return true;
  }
  return (key === ' ' || key === 'Enter') && target.closest('button, a, summary') !== null;
}

export function pressedKey(event: KeyboardEvent): string {
  const { key } = event;
  const isLetter = /^[a-z]$/i.test(key);
  if (isLetter) return event.shiftKey ? `Shift+${key.toLowerCase()}` : key.toLowerCase();
  // What Shift makes of the other keys depends on the keyboard; the arrows stay what they are.
  return event.shiftKey && key.startsWith('Arrow') ? `Shift+${key}` : key;
}

export function isSingleCharacter(key: string): boolean {
  return key.replace(/^Shift\+/, '').length === 1;
}

/** Raises an error where two commands want the same key: one of them would never be heard. */
export function requireOwnKeys(commands: readonly Command[]): void {
  const holders = new Map<string, string>();
  for (const { id, keys } of commands) {
    for (const key of keys) {
      const other = holders.get(key);
      if (other !== undefined) throw new Error(`${other} and ${id} both want the key ${key}`);
      holders.set(key, id);
    }
  }
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
  const handle = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (takesKeys(event.target, event.key)) return;
    const key = pressedKey(event);
    const command = commands.find(({ keys }) => keys.includes(key));
    if (!command || (isSingleCharacter(key) && !singleKeys())) return;
    if (!isUsable(command)) return;
    event.preventDefault();
    command.run();
  };
  // Before the image library sees the key: it marks every key over an image as dealt with.
  target.addEventListener('keydown', handle, { capture: true });
}

/** Hears keys before everybody else while something else than the panes is shown; returns how to stop. */
export function listenFirst(keys: ReadonlyMap<string, () => void>, singleKeys: () => boolean): () => void {
  const handle = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || takesKeys(event.target, event.key)) return;
    const key = pressedKey(event);
    const run = keys.get(key);
    if (!run || (isSingleCharacter(key) && !singleKeys())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    run();
  };
  addEventListener('keydown', handle, { capture: true });
  return () => removeEventListener('keydown', handle, { capture: true });
}
