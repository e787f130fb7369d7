/** What a reader may prefer: the defaults, what of a kept section can be used, and what is worth keeping. */

import type { WindowPreset } from './presets';

/** What a hand movement does to the image. */
export type HandTool = 'window' | 'scroll' | 'pan' | 'zoom' | 'locate';

export const handTools: readonly HandTool[] = ['window', 'scroll', 'pan', 'zoom', 'locate'];
export const overlaySizes = ['small', 'medium', 'large'] as const;
export type OverlaySize = (typeof overlaySizes)[number];

export interface Mouse {
  middle: HandTool;
  right: HandTool;
  /** The other one is done with Ctrl and the wheel. */
  wheel: 'scroll' | 'zoom';
}

export interface ViewerPreferences {
  /** The reader's own window presets, by modality; a modality that is absent has the standard ones. */
  presets: Readonly<Record<string, readonly WindowPreset[]>>;
  mouse: Mouse;
  overlays: { shown: boolean; size: OverlaySize };
  /** For stacks that recommend no rate of their own. */
  cineRate: number;
  /** What the left button does at first; undefined leaves it to the device: scroll by finger, window by mouse. */
  tool: string | undefined;
  /** Whether keys that print a character are shortcuts: people who dictate switch them off. */
  singleKeys: boolean;
  /** The reader's own keys, by command. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** What the second window follows the first in, beside the place in the patient. */
  follow: { tool: boolean; window: boolean };
}

export const cineRates = { least: 1, most: 60, usual: 10 };
export const mostPresets = 20;

export const defaultPreferences: ViewerPreferences = {
  presets: {},
  mouse: { middle: 'pan', right: 'zoom', wheel: 'scroll' },
  overlays: { shown: true, size: 'medium' },
  cineRate: cineRates.usual,
  tool: undefined,
  singleKeys: true,
  keys: {},
  follow: { tool: true, window: false },
};

/** The format of the section that this release writes, and the only one that it reads. */
const format = 1;

/** What a kept section says; a part that cannot be used stands as it does by default. */
export function preferencesFrom(section: unknown): ViewerPreferences {
  const kept = isObject(section) && section.format === format ? section : {};
  const { mouse, overlays, follow } = kept;
  const basis = defaultPreferences;
  return {
    presets: mapOf(kept.presets, presetsFrom) ?? basis.presets,
    mouse: {
      middle: oneOf(part(mouse, 'middle'), handTools) ?? basis.mouse.middle,
      right: oneOf(part(mouse, 'right'), handTools) ?? basis.mouse.right,
      wheel: oneOf(part(mouse, 'wheel'), ['scroll', 'zoom'] as const) ?? basis.mouse.wheel,
    },
    overlays: {
      shown: flag(part(overlays, 'shown')) ?? basis.overlays.shown,
      size: oneOf(part(overlays, 'size'), overlaySizes) ?? basis.overlays.size,
    },
    cineRate: isRate(kept.cineRate) ? kept.cineRate : basis.cineRate,
    tool: typeof kept.tool === 'string' ? kept.tool : basis.tool,
    singleKeys: flag(kept.singleKeys) ?? basis.singleKeys,
    keys: mapOf(kept.keys, keysFrom) ?? basis.keys,
    follow: {
      tool: flag(part(follow, 'tool')) ?? basis.follow.tool,
      window: flag(part(follow, 'window')) ?? basis.follow.window,
    },
  };
}

/** The section to keep: only what is not as it is by default, so that a better default reaches everybody else. */
export function sectionOf(preferences: ViewerPreferences): object {
  return { format, ...(differing(preferences, defaultPreferences) as object) };
}

/** The reader's keys after a command got one, perhaps another's. */
export function withKey(own: ViewerPreferences['keys'], id: string, key: string): ViewerPreferences['keys'] {
  const others = Object.entries(own).map(([other, keys]) => [other, keys.filter((held) => held !== key)]);
  return { ...(Object.fromEntries(others) as ViewerPreferences['keys']), [id]: [key] };
}

/** The reader's keys with those of a command as they are by default. */
export function withoutKeys(own: ViewerPreferences['keys'], id: string): ViewerPreferences['keys'] {
  return Object.fromEntries(Object.entries(own).filter(([other]) => other !== id));
}

function differing(value: unknown, basis: unknown): unknown {
  if (!isObject(value) || !isObject(basis)) return value;
  const names = Object.keys(value).filter(
    (name) => value[name] !== undefined && JSON.stringify(value[name]) !== JSON.stringify(basis[name]),
  );
  return Object.fromEntries(names.map((name) => [name, differing(value[name], basis[name])]));
}

function presetsFrom(value: unknown): readonly WindowPreset[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.slice(0, mostPresets).flatMap((preset: unknown) => {
    const [label, center, width] = [part(preset, 'label'), part(preset, 'center'), part(preset, 'width')];
    const key = part(preset, 'key');
    if (typeof label !== 'string' || !isFinite(center) || !isFinite(width) || width <= 0) return [];
    return [{ label, center, width, key: typeof key === 'string' ? key : '' }];
  });
}

function keysFrom(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : undefined;
}

function mapOf<T>(
  value: unknown,
  read: (item: unknown) => T | undefined,
): Readonly<Record<string, T>> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).map(([name, item]) => [name, read(item)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, T] => entry[1] !== undefined));
}

function part(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => word === value);
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function isFinite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isRate(value: unknown): value is number {
  return isFinite(value) && value >= cineRates.least && value <= cineRates.most;
}
