/** Brightness and contrast: presets, the reader's own or the standard ones, and inversion. */

import { mostPresets } from '../../study/preferences';
import { matchingPreset, presetsFor, type WindowPreset } from '../../study/presets';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';

export function windowing(viewer: Viewer): Feature {
  const { grid, preferences } = viewer;
  const presets = (): readonly WindowPreset[] =>
    // While the commands are being made there is no image yet.
    grid.panes.length > 0 ? presetsFor(grid.active.modality, preferences.current.presets) : [];
  const slots = Array.from({ length: mostPresets }, (_, position) =>
    presetCommand(viewer, presets, position),
  );
  const hasImages = (): boolean => grid.active.view.current.count > 0;
  const group = 'Window';
  return {
    commands: [
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
      ...slots,
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
    ],
  };
}

/** The preset at a place of the list: which one that is depends on the modality and on the reader. */
function presetCommand({ grid }: Viewer, presets: () => readonly WindowPreset[], position: number): Command {
  const preset = (): WindowPreset | undefined => presets()[position];
  const isShown = (): boolean => {
    const { windowIsDefault, window } = grid.active.view.current;
    return !windowIsDefault && matchingPreset(presets(), window) === preset();
  };
  return {
    id: `preset-${position + 1}`,
    label: `Window preset ${position + 1}`,
    currentLabel: () => preset() && `${preset()?.label} window`,
    group: 'Window',
    get keys() {
      const key = preset()?.key;
      return key ? [key] : [];
    },
    isKeyGiven: true,
    run: () => {
      const chosen = preset();
      if (chosen) grid.active.view.setWindow(chosen);
    },
    button: { place: 'window', menu: 'window', text: () => preset()?.label ?? '' },
    isPressed: () => preset() !== undefined && isShown(),
    isEnabled: () => preset() !== undefined,
    isOffered: () => preset() !== undefined,
  };
}
