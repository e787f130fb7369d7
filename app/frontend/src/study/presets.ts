/** Window presets: the standard ones, and which the reader has in their place. */

import type { Window } from './frame';

export interface WindowPreset extends Window {
  label: string;
  /** The digit that sets it; empty for none. */
  key: string;
}

/** In Hounsfield units: they mean something for CT alone. */
const standard: Readonly<Record<string, readonly WindowPreset[]>> = {
  CT: [
    { label: 'Soft tissue', key: '1', center: 50, width: 400 },
    { label: 'Lung', key: '2', center: -600, width: 1500 },
    { label: 'Bone', key: '3', center: 400, width: 1800 },
    { label: 'Brain', key: '4', center: 40, width: 80 },
    { label: 'Liver', key: '5', center: 60, width: 160 },
    { label: 'Mediastinum', key: '6', center: 50, width: 350 },
  ],
};

/** The digits that a preset may have; `0` is the default window's. */
export const presetKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

export function presetsFor(
  modality: string,
  own: Readonly<Record<string, readonly WindowPreset[]>> = {},
): readonly WindowPreset[] {
  return own[modality] ?? standard[modality] ?? [];
}

/** The reader's own preset of that name, else the standard one. */
export function presetNamed(
  name: string,
  modality: string,
  own: Readonly<Record<string, readonly WindowPreset[]>>,
): WindowPreset | undefined {
  return [...presetsFor(modality, own), ...presetsFor(modality)].find(({ label }) => label === name);
}

export function matchingPreset(
  presets: readonly WindowPreset[],
  window: Window | undefined,
): WindowPreset | undefined {
  return presets.find(
    ({ center, width }) =>
      window !== undefined && Math.abs(center - window.center) < 0.5 && Math.abs(width - window.width) < 0.5,
  );
}

/** Presets with one at a place changed, or added behind the last; a key belongs to one of them. */
export function withPreset(
  presets: readonly WindowPreset[],
  position: number,
  changed: WindowPreset,
): readonly WindowPreset[] {
  const others = presets.map((preset) =>
    changed.key !== '' && preset.key === changed.key ? { ...preset, key: '' } : preset,
  );
  return position < presets.length
    ? others.map((preset, index) => (index === position ? changed : preset))
    : [...others, changed];
}
