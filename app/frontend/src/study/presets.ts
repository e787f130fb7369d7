/** Window presets in Hounsfield units; they mean something for CT alone. */

import type { Window } from './frame';

export interface Preset extends Window {
  id: string;
  label: string;
  key: string;
}

export const ctPresets: readonly Preset[] = [
  { id: 'soft-tissue', label: 'Soft tissue', key: '1', center: 50, width: 400 },
  { id: 'lung', label: 'Lung', key: '2', center: -600, width: 1500 },
  { id: 'bone', label: 'Bone', key: '3', center: 400, width: 1800 },
  { id: 'brain', label: 'Brain', key: '4', center: 40, width: 80 },
  { id: 'liver', label: 'Liver', key: '5', center: 60, width: 160 },
  { id: 'mediastinum', label: 'Mediastinum', key: '6', center: 50, width: 350 },
];

export function presetsFor(modality: string): readonly Preset[] {
  return modality === 'CT' ? ctPresets : [];
}

export function matchingPreset(presets: readonly Preset[], window: Window | undefined): Preset | undefined {
  return presets.find(
    ({ center, width }) =>
      window !== undefined && Math.abs(center - window.center) < 0.5 && Math.abs(width - window.width) < 0.5,
  );
}
