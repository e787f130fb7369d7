/** The row of tools; it only shows state and calls back, it decides nothing. */

import type { Preset } from '../study/presets';
import { element, setAttribute, setText } from './dom';
import { icon, type IconName } from './icons';
import { keyLabel, type Command } from './shortcuts';

export interface ToolbarState {
  tool: string;
  preset: string | undefined;
  presets: readonly Preset[];
  hasImages: boolean;
  inverted: boolean;
  overlays: boolean;
  mayMeasure: boolean;
  measurements: boolean;
  listsMeasurements: boolean;
  canPlay: boolean;
  isPlaying: boolean;
  rate: number;
}

const toolIcons: readonly (readonly [string, IconName])[] = [
  ['tool-window', 'window'],
  ['tool-scroll', 'scroll'],
  ['tool-pan', 'pan'],
  ['tool-zoom', 'zoom'],
];

const measureIcons: readonly (readonly [string, IconName])[] = [
  ['tool-length', 'length'],
  ['tool-bidirectional', 'bidirectional'],
  ['tool-angle', 'angle'],
  ['tool-cobb', 'cobb'],
  ['tool-rectangle', 'rectangle'],
  ['tool-ellipse', 'ellipse'],
  ['tool-circle', 'circle'],
  ['tool-freehand', 'freehand'],
  ['tool-probe', 'probe'],
  ['tool-arrow', 'arrow'],
  ['tool-label', 'label'],
];

const viewIcons: readonly (readonly [string, IconName])[] = [
  ['rotate-left', 'rotateLeft'],
  ['rotate-right', 'rotateRight'],
  ['flip-horizontal', 'flipHorizontal'],
  ['flip-vertical', 'flipVertical'],
  ['invert', 'invert'],
  ['reset', 'reset'],
];

const worksWithoutImages = ['overlays', 'measurements', 'measurement-list'];

export interface RateLimits {
  least: number;
  most: number;
}

export class Toolbar {
  readonly element: HTMLElement;
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly presets = element('div', {
    class: 'viewer-tools',
    role: 'group',
    'aria-label': 'Window presets',
  });
  /** The measuring tools, which have a place of their own beside the image. */
  readonly measuring: HTMLElement;
  private readonly rate: HTMLInputElement;
  private readonly rateLabel = element('output', { class: 'viewer-rate', for: 'viewer-cine-rate' });
  private shownPresets: readonly Preset[] | undefined;

  constructor(
    private readonly commands: readonly Command[],
    limits: RateLimits,
    chooseRate: (framesPerSecond: number) => void,
  ) {
    this.rate = element('input', {
      type: 'range',
      id: 'viewer-cine-rate',
      class: 'viewer-rate-slider',
      min: limits.least,
      max: limits.most,
      'aria-label': 'Cine rate in frames per second',
      title: 'Cine rate',
    });
    this.rate.addEventListener('input', () => {
      chooseRate(this.rate.valueAsNumber);
    });
    this.measuring = element(
      'div',
      {
        class: 'viewer-palette',
        role: 'toolbar',
        'aria-label': 'Measuring tools',
        'aria-orientation': 'vertical',
        hidden: true,
      },
      ...measureIcons.map(([id, name]) => this.button(id, icon(name))),
    );
    this.element = element(
      'div',
      {
        class: 'viewer-toolbar',
        role: 'toolbar',
        'aria-label': 'Viewer tools',
        'aria-orientation': 'horizontal',
      },
      group('Mouse tool', ...toolIcons.map(([id, name]) => this.button(id, icon(name)))),
      this.presets,
      group('View', ...viewIcons.map(([id, name]) => this.button(id, icon(name)))),
      group('Cine', this.button('cine', icon('play')), this.rate, this.rateLabel),
      group(
        'Display',
        this.button('overlays', icon('overlay')),
        this.button('measurements', icon('visible')),
        this.button('measurement-list', icon('measurements')),
      ),
    );
  }

  show(state: ToolbarState): void {
    if (this.shownPresets !== state.presets) this.layOutPresets(state.presets);
    for (const [id, button] of this.buttons) {
      button.disabled = !state.hasImages && !worksWithoutImages.includes(id);
      const pressed = pressedState(id, state);
      setAttribute(button, 'aria-pressed', pressed === undefined ? undefined : String(pressed));
    }
    this.measuring.hidden = !state.mayMeasure;
    this.showCine(state);
  }

  private showCine({ canPlay, isPlaying, rate }: ToolbarState): void {
    const button = this.buttons.get('cine');
    if (button && button.dataset.playing !== String(isPlaying)) {
      button.dataset.playing = String(isPlaying);
      button.replaceChildren(icon(isPlaying ? 'pause' : 'play'));
      setAttribute(button, 'aria-label', isPlaying ? 'Stop cine' : 'Play cine');
    }
    if (button) button.disabled = !canPlay;
    this.rate.disabled = !canPlay;
    if (this.rate.valueAsNumber !== rate) this.rate.value = String(rate);
    setText(this.rateLabel, `${Math.round(rate)} fps`);
  }

  private layOutPresets(presets: readonly Preset[]): void {
    this.shownPresets = presets;
    for (const id of this.buttons.keys()) if (id.startsWith('preset-')) this.buttons.delete(id);
    const choices = presets.map(({ id, label }) => this.button(`preset-${id}`, label));
    this.presets.replaceChildren(this.button('preset-default', 'Default'), ...choices);
  }

  private button(id: string, content: SVGElement | string): HTMLButtonElement {
    const command = this.commands.find((candidate) => candidate.id === id);
    if (!command) throw new Error(`no command is called ${id}`);
    const keys = command.keys.map(keyLabel).join(', ');
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button',
        'aria-label': command.label,
        title: keys ? `${command.label} (${keys})` : command.label,
        'data-command': id,
      },
      content,
    );
    button.addEventListener('click', () => {
      command.run();
    });
    this.buttons.set(id, button);
    return button;
  }
}

function group(label: string, ...children: HTMLElement[]): HTMLElement {
  return element('div', { class: 'viewer-tools', role: 'group', 'aria-label': label }, ...children);
}

/** Undefined for what is an action rather than a choice. */
function pressedState(id: string, state: ToolbarState): boolean | undefined {
  if (id.startsWith('tool-')) return id === `tool-${state.tool}`;
  if (id.startsWith('preset-')) return id === `preset-${state.preset ?? ''}`;
  if (id === 'invert') return state.inverted;
  if (id === 'overlays') return state.overlays;
  if (id === 'measurements') return state.measurements;
  if (id === 'measurement-list') return state.listsMeasurements;
  return undefined;
}
