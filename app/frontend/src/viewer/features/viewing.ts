/** How an image lies in its pane: size, turns, and the words over it. */

import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

const zoomStep = 1.25;

export function viewing(viewer: Viewer): Feature {
  const { grid, preferences } = viewer;
  let { shown: overlays } = preferences.current.overlays;
  const showOverlays = (pane: Pane): void => {
    pane.showsOverlays = overlays;
  };
  const applySize = (): void => viewer.page.setOverlaySize(preferences.current.overlays.size);
  applySize();
  let preferred = overlays;
  preferences.listen(() => {
    applySize();
    const { shown } = preferences.current.overlays;
    if (shown === preferred) return;
    preferred = overlays = shown;
    grid.panes.forEach(showOverlays);
  });
  return {
    paneMade: showOverlays,
    commands: [
      ...sizeCommands(viewer),
      ...turnCommands(viewer),
      {
        id: 'overlays',
        label: 'Show overlays',
        group: 'View',
        keys: ['o'],
        run: () => {
          overlays = !overlays;
          grid.panes.forEach(showOverlays);
          viewer.refresh();
        },
        button: { place: 'display', icon: 'overlay' },
        isPressed: () => overlays,
      },
    ],
  };
}

function sizeCommands({ grid }: Viewer): Command[] {
  const group = 'View';
  return [
    {
      id: 'zoom-in',
      label: 'Zoom in',
      group,
      keys: ['+', '='],
      run: () => grid.active.view.zoomBy(zoomStep),
    },
    {
      id: 'zoom-out',
      label: 'Zoom out',
      group,
      keys: ['-'],
      run: () => grid.active.view.zoomBy(1 / zoomStep),
    },
  ];
}

function turnCommands({ grid }: Viewer): Command[] {
  const group = 'View';
  const isEnabled = (): boolean => grid.active.view.current.count > 0;
  return [
    {
      id: 'rotate-left',
      label: 'Rotate left',
      group,
      keys: ['Shift+r'],
      run: () => grid.active.view.rotate(-1),
      button: { place: 'view', menu: 'turn', icon: 'rotateLeft', text: 'Rotate left' },
      isEnabled,
    },
    {
      id: 'rotate-right',
      label: 'Rotate right',
      group,
      keys: ['r'],
      run: () => grid.active.view.rotate(1),
      button: { place: 'view', menu: 'turn', icon: 'rotateRight', text: 'Rotate right' },
      isEnabled,
    },
    {
      id: 'flip-horizontal',
      label: 'Flip horizontally',
      group,
      keys: ['h'],
      run: () => grid.active.view.flip('horizontal'),
      button: { place: 'view', menu: 'turn', icon: 'flipHorizontal', text: 'Flip horizontally' },
      isEnabled,
    },
    {
      id: 'flip-vertical',
      label: 'Flip vertically',
      group,
      keys: ['v'],
      run: () => grid.active.view.flip('vertical'),
      button: { place: 'view', menu: 'turn', icon: 'flipVertical', text: 'Flip vertically' },
      isEnabled,
    },
    {
      id: 'reset',
      label: 'Reset view',
      group,
      keys: ['Escape'],
      run: () => grid.active.view.reset(),
      button: { place: 'view', icon: 'reset' },
      isEnabled,
    },
  ];
}
