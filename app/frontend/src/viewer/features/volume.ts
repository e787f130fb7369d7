/** A series as a volume: planes in any direction, slabs, fusion, and rendering in three dimensions. */

import type { Feature, Viewer } from '../feature';
import { Workspace, type Mode } from '../volume/workspace';

export function volume(viewer: Viewer): Feature {
  const { grid } = viewer;
  let made: Workspace | undefined;
  const leave = (): void => {
    made?.close();
    grid.giveBack();
    grid.active.layers.focus({ preventScroll: true });
    viewer.refresh();
  };
  const toggle = (mode: Mode): void => {
    if (made?.mode === mode) {
      leave();
      return;
    }
    if (made?.mode !== undefined) {
      made.switchTo(mode);
      viewer.refresh();
      return;
    }
    const { images } = grid.active;
    if (!images) return;
    made ??= new Workspace(viewer, leave);
    grid.panes.forEach(({ cine }) => cine.stop());
    grid.takeOver(made.element);
    void made.show(mode, images).finally(() => viewer.refresh());
    viewer.refresh();
  };
  const isEnabled = (): boolean => grid.active.images !== undefined;
  const why = (label: string) => (): string =>
    viewer.rendering.usesCpu ? `${label}: not without WebGL 2` : label;
  return {
    graphicsLost: () => {
      if (made?.mode !== undefined) leave();
    },
    // Whoever opens a series wants to see it.
    opened: (pane) => {
      if (made?.mode !== undefined && pane === grid.active) leave();
    },
    commands: [
      {
        id: 'volume-planes',
        label: 'Planes through the volume (MPR)',
        group: 'Volume',
        keys: ['Shift+m'],
        run: () => toggle('mpr'),
        button: { place: 'volume', icon: 'planes', label: why('Planes through the volume (MPR)') },
        isPressed: () => made?.mode === 'mpr',
        isEnabled,
      },
      {
        id: 'volume-3d',
        label: 'Volume in three dimensions',
        group: 'Volume',
        keys: ['Shift+v'],
        run: () => toggle('solid'),
        button: { place: 'volume', icon: 'solid', label: why('Volume in three dimensions') },
        isPressed: () => made?.mode === 'solid',
        isEnabled,
      },
    ],
  };
}
