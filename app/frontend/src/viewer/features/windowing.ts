/** Brightness and contrast: presets and inversion. */

import { ctPresets, matchingPreset, presetsFor, type Preset } from '../../study/presets';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';

export function windowing({ grid }: Viewer): Feature {
  const hasImages = (): boolean => grid.active.view.current.count > 0;
  const shown = (): string | undefined => {
    const { windowIsDefault, window } = grid.active.view.current;
    return windowIsDefault ? undefined : matchingPreset(presetsFor(grid.active.modality), window)?.id;
  };
  const applies = (preset: Preset): boolean => presetsFor(grid.active.modality).includes(preset);
  const group = 'Window';
  const commands: Command[] = [
    {
      id: 'preset-default',
      label: 'Default window',
      group,
      keys: ['0'],
      run: () => grid.active.view.resetWindow(),
      button: { place: 'window', menu: 'window', text: 'Default' },
      isPressed: () => grid.active.view.current.windowIsDefault,
      isEnabled: hasImages,
    },
    ...ctPresets.map((preset): Command => ({
      id: `preset-${preset.id}`,
      label: `${preset.label} window`,
      group,
      keys: [preset.key],
      run: () => grid.active.view.setWindow(preset),
      button: { place: 'window', menu: 'window', text: preset.label },
      isPressed: () => shown() === preset.id,
      isEnabled: () => applies(preset),
      isOffered: () => applies(preset),
    })),
    {
      id: 'invert',
      label: 'Invert grey scale',
      group,
      keys: ['i'],
      run: () => grid.active.view.invert(),
      button: { place: 'view', icon: 'invert' },
      isPressed: () => grid.active.view.current.inverted,
      isEnabled: hasImages,
    },
  ];
  return { commands };
}
