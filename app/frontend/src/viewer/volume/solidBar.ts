/** The bar over a volume in three dimensions. */

import { wholeBox, type ClipBox } from '../../render/volume/solidViewport';
import { directions, type Direction } from '../../study/orbit';
import { plainTransfer } from '../../study/renderingPresets';
import { element } from '../../ui/dom';
import {
  barButton,
  barGroup,
  barRows,
  Choice,
  NumberSlider,
  type NumberLimits,
} from '../../ui/volume/controls';
import type { Solid } from './solid';

const percent: NumberLimits = { least: 0, most: 100, step: 1, unit: '%' };
const width: NumberLimits = { least: 20, most: 300, step: 5, unit: '%' };
const eyeNames: Record<Direction, string> = {
  A: 'From the front',
  P: 'From behind',
  L: 'From the left',
  R: 'From the right',
  H: 'From the head',
  F: 'From the feet',
};

export class SolidBar {
  readonly element = element('div');
  private preset: Choice | undefined;
  private shift: NumberSlider | undefined;
  private readonly width: NumberSlider;
  private clips: readonly (readonly [NumberSlider, NumberSlider])[] = [];

  constructor(private readonly solid: Solid) {
    this.width = new NumberSlider('Width', width, (value) => this.transfer({ width: value / 100 }));
  }

  /** The controls for the volume that was opened; its values decide how far the opacity can be moved. */
  build(): void {
    const { solid } = this;
    this.preset = new Choice(
      'Preset',
      solid.presets.map(({ id, label }) => ({ id, label })),
      (id) => solid.update({ presetId: id, transfer: plainTransfer }),
    );
    this.clips = solid.sides.map((side, axis) => [
      new NumberSlider(`${side} from`, percent, (value) => this.clip(axis, 0, value)),
      new NumberSlider(`${side} to`, percent, (value) => this.clip(axis, 1, value)),
    ]);
    const reach = reachOf(solid);
    this.shift = new NumberSlider(
      'Shift',
      { least: -reach, most: reach, step: reach / 100, unit: '' },
      (value) => this.transfer({ shift: value }),
    );
    const eyes = new Choice(
      'View',
      directions.map((id) => ({ id, label: id, key: eyeNames[id] })),
      (id) => solid.lookFrom(id as Direction),
    );
    const clipping = element(
      'details',
      { class: 'viewer-volume-clip' },
      element('summary', { class: 'viewer-button' }, 'Clip'),
      element(
        'div',
        { class: 'viewer-volume-clip-box' },
        ...this.clips.flatMap((pair) => pair.map((slider) => slider.element)),
      ),
    );
    this.element.replaceChildren(
      barRows(
        'Volume rendering',
        [
          this.preset.element,
          eyes.element,
          barGroup(
            'Reset',
            barButton('Reset volume', 'reset', () => solid.reset(), 'Esc'),
          ),
        ],
        [this.shift.element, this.width.element, clipping],
      ),
    );
  }

  show(): void {
    const { state } = this.solid;
    if (!state) return;
    this.preset?.show(state.presetId);
    this.shift?.show(state.transfer.shift);
    this.width.show(state.transfer.width * 100);
    this.clips.forEach(([from, to], axis) => {
      const [low, high] = state.box[axis] ?? [0, 1];
      from.show(low * 100);
      to.show(high * 100);
    });
  }

  private transfer(change: { shift?: number; width?: number }): void {
    const { state } = this.solid;
    if (state) this.solid.update({ transfer: { ...state.transfer, ...change } });
  }

  /** The two ends of an axis never pass each other. */
  private clip(axis: number, end: 0 | 1, value: number): void {
    const box = (this.solid.state?.box ?? wholeBox).map((range, index): readonly [number, number] => {
      if (index !== axis) return range;
      const part = value / 100;
      return end === 0
        ? [Math.min(part, range[1] - 0.01), range[1]]
        : [range[0], Math.max(part, range[0] + 0.01)];
    });
    this.solid.update({ box: box as unknown as ClipBox });
  }
}

/** Half of what the presets span. */
function reachOf({ presets }: Solid): number {
  const values = presets
    .flatMap(({ opacity }) => opacity.map(([value]) => value))
    .filter((value) => value < 2000);
  return Math.max(1, Math.round((Math.max(...values) - Math.min(...values)) / 2));
}
