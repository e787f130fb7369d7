/** Moving through images and series, by hand or as a film. */

import { cineRates } from '../../study/preferences';
import { element, setText } from '../../ui/dom';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';

export function navigation(viewer: Viewer): Feature {
  const rate = new RateSlider((framesPerSecond) => {
    viewer.grid.active.cine.rate = framesPerSecond;
  });
  viewer.page.toolbar.add('cine', rate.element);
  const showRate = (): void => {
    const { cine, view } = viewer.grid.active;
    rate.show(cine.rate, view.current.count > 1);
  };
  return {
    commands: [...imageCommands(viewer), ...seriesCommands(viewer)],
    opened: (pane, shown) => {
      if (shown?.kind === 'images') pane.cine.rate = shown.frameRate ?? viewer.preferences.current.cineRate;
    },
    changed: (pane) => {
      if (pane === viewer.grid.active) showRate();
    },
    activated: showRate,
  };
}

function imageCommands({ grid }: Viewer): Command[] {
  const group = 'Images';
  const last = (): number => grid.active.view.current.count - 1;
  return [
    {
      id: 'previous-image',
      label: 'Previous image',
      group,
      keys: ['ArrowUp', 'ArrowLeft'],
      run: () => grid.active.step(-1),
    },
    {
      id: 'next-image',
      label: 'Next image',
      group,
      keys: ['ArrowDown', 'ArrowRight'],
      run: () => grid.active.step(1),
    },
    { id: 'first-image', label: 'First image', group, keys: ['Home'], run: () => grid.active.goTo(0) },
    { id: 'last-image', label: 'Last image', group, keys: ['End'], run: () => grid.active.goTo(last()) },
    {
      id: 'cine',
      label: 'Play cine',
      group,
      keys: ['c', ' '],
      run: () => {
        const { cine } = grid.active;
        if (cine.isPlaying) cine.stop();
        else cine.play();
      },
      button: {
        place: 'cine',
        icon: () => (grid.active.cine.isPlaying ? 'pause' : 'play'),
        label: () => (grid.active.cine.isPlaying ? 'Stop cine' : 'Play cine'),
      },
      isEnabled: () => grid.active.view.current.count > 1,
    },
  ];
}

function seriesCommands({ grid }: Viewer): Command[] {
  const group = 'Series';
  return [
    {
      id: 'previous-series',
      label: 'Previous series',
      group,
      keys: ['PageUp'],
      run: () => grid.active.stepSeries(-1),
    },
    {
      id: 'next-series',
      label: 'Next series',
      group,
      keys: ['PageDown'],
      run: () => grid.active.stepSeries(1),
    },
  ];
}

class RateSlider {
  readonly element: HTMLElement;
  private readonly label = element('output', { class: 'viewer-rate', for: 'viewer-cine-rate' });
  private readonly input = element('input', {
    type: 'range',
    id: 'viewer-cine-rate',
    class: 'viewer-rate-slider',
    min: cineRates.least,
    max: cineRates.most,
    'aria-label': 'Cine rate in frames per second',
    title: 'Cine rate',
  });

  constructor(choose: (framesPerSecond: number) => void) {
    this.input.addEventListener('input', () => choose(this.input.valueAsNumber));
    this.element = element('div', { class: 'viewer-rate-control' }, this.input, this.label);
  }

  show(rate: number, canPlay: boolean): void {
    this.input.disabled = !canPlay;
    if (this.input.valueAsNumber !== rate) this.input.value = String(rate);
    setText(this.label, `${Math.round(rate)} fps`);
  }
}
