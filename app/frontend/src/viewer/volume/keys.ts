/** Keys that mean something else while a volume is shown; they come before those of the stack view. */

import type { WindowPreset } from '../../study/presets';
import type { Mpr, MprTool } from './mpr';
import type { Solid } from './solid';

const zoomStep = 1.25;
const turnDegrees = 5;
const orbitDegrees = 15;

export function mprKeys(mpr: Mpr, presets: readonly WindowPreset[]): Map<string, () => void> {
  const tool = (id: MprTool) => (): void => mpr.update({ tool: id });
  const slab = (): void => {
    const { state } = mpr;
    if (state) mpr.update({ slab: { ...state.slab, mode: state.slab.mode === 'slice' ? 'mip' : 'slice' } });
  };
  return new Map<string, () => void>([
    ['c', tool('crosshair')],
    ['l', tool('length')],
    ['Delete', () => mpr.removeLine()],
    ['Backspace', () => mpr.removeLine()],
    ['w', tool('window')],
    ['s', tool('scroll')],
    ['p', tool('pan')],
    ['z', tool('zoom')],
    ['ArrowUp', () => mpr.scroll(-1)],
    ['ArrowDown', () => mpr.scroll(1)],
    ['PageUp', () => mpr.scroll(-10)],
    ['PageDown', () => mpr.scroll(10)],
    ['ArrowLeft', () => mpr.turn(turnDegrees)],
    ['ArrowRight', () => mpr.turn(-turnDegrees)],
    ['+', () => mpr.zoomBy(zoomStep)],
    ['=', () => mpr.zoomBy(zoomStep)],
    ['-', () => mpr.zoomBy(1 / zoomStep)],
    ['m', slab],
    ['i', () => mpr.update({ inverted: !mpr.state?.inverted })],
    ['o', () => mpr.update({ words: !mpr.state?.words })],
    ['Enter', () => mpr.maximise()],
    ['Escape', () => mpr.reset()],
    ['0', () => mpr.setWindow(undefined)],
    ...presets.flatMap(({ key, center, width }): [string, () => void][] =>
      key ? [[key, () => mpr.setWindow({ center, width })]] : [],
    ),
  ]);
}

export function solidKeys(solid: Solid): Map<string, () => void> {
  return new Map<string, () => void>([
    ['ArrowLeft', () => solid.turn(-orbitDegrees, 0)],
    ['ArrowRight', () => solid.turn(orbitDegrees, 0)],
    ['ArrowUp', () => solid.turn(0, -orbitDegrees)],
    ['ArrowDown', () => solid.turn(0, orbitDegrees)],
    ['+', () => solid.zoomBy(zoomStep)],
    ['=', () => solid.zoomBy(zoomStep)],
    ['-', () => solid.zoomBy(1 / zoomStep)],
    ['Escape', () => solid.reset()],
  ]);
}
