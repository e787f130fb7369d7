/** Everything the reader can do, by name, key and label. */

import type { PrimaryTool } from '../tools/toolBindings';
import { ctPresets, type Preset } from '../study/presets';
import type { Command } from '../ui/shortcuts';

export interface Actions {
  step(delta: number): void;
  toEnd(end: 'first' | 'last'): void;
  stepSeries(delta: 1 | -1): void;
  toggleCine(): void;
  choose(tool: PrimaryTool): void;
  preset(preset: Preset | undefined): void;
  zoomBy(factor: number): void;
  rotate(quarters: 1 | -1): void;
  flip(axis: 'horizontal' | 'vertical'): void;
  invert(): void;
  reset(): void;
  toggleOverlays(): void;
  toggleMeasurements(): void;
  listMeasurements(): void;
  removeSelected(): void;
  undo(): void;
  help(): void;
}

const zoomStep = 1.25;

export function commandsFor(actions: Actions): Command[] {
  return [
    ...imageCommands(actions),
    ...toolCommands(actions),
    ...measureCommands(actions),
    ...windowCommands(actions),
    ...viewCommands(actions),
    ...seriesCommands(actions),
  ];
}

type Row = readonly [id: string, label: string, keys: readonly string[], run: () => void];

function commands(group: Command['group'], rows: readonly Row[]): Command[] {
  return rows.map(([id, label, keys, run]) => ({ id, label, group, keys, run }));
}

function imageCommands(actions: Actions): Command[] {
  return commands('Images', [
    [
      'previous-image',
      'Previous image',
      ['ArrowUp', 'ArrowLeft'],
      () => {
        actions.step(-1);
      },
    ],
    [
      'next-image',
      'Next image',
      ['ArrowDown', 'ArrowRight'],
      () => {
        actions.step(1);
      },
    ],
    [
      'first-image',
      'First image',
      ['Home'],
      () => {
        actions.toEnd('first');
      },
    ],
    [
      'last-image',
      'Last image',
      ['End'],
      () => {
        actions.toEnd('last');
      },
    ],
    [
      'cine',
      'Play cine',
      ['c', ' '],
      () => {
        actions.toggleCine();
      },
    ],
  ]);
}

function toolCommands(actions: Actions): Command[] {
  return commands('Tools', [
    [
      'tool-window',
      'Window and level',
      ['w'],
      () => {
        actions.choose('window');
      },
    ],
    [
      'tool-scroll',
      'Scroll',
      ['s'],
      () => {
        actions.choose('scroll');
      },
    ],
    [
      'tool-pan',
      'Pan',
      ['p'],
      () => {
        actions.choose('pan');
      },
    ],
    [
      'tool-zoom',
      'Zoom',
      ['z'],
      () => {
        actions.choose('zoom');
      },
    ],
  ]);
}

const measureKeys: readonly (readonly [PrimaryTool, string, string])[] = [
  ['length', 'Measure a length', 'l'],
  ['bidirectional', 'Measure two diameters', 'b'],
  ['angle', 'Measure an angle', 'a'],
  ['cobb', 'Measure a Cobb angle', 'g'],
  ['rectangle', 'Rectangular region', 'q'],
  ['ellipse', 'Elliptical region', 'e'],
  ['circle', 'Circular region', 'y'],
  ['freehand', 'Freehand region', 'f'],
  ['probe', 'Value at a point', 'd'],
  ['arrow', 'Arrow with text', 't'],
  ['label', 'Text', 'n'],
];

function measureCommands(actions: Actions): Command[] {
  return commands('Measure', [
    ...measureKeys.map(([tool, label, key]): Row => [
      `tool-${tool}`,
      label,
      [key],
      () => {
        actions.choose(tool);
      },
    ]),
    [
      'remove-selected',
      'Remove what is selected',
      ['Delete', 'Backspace'],
      () => {
        actions.removeSelected();
      },
    ],
    [
      'undo',
      'Undo a measurement',
      ['u'],
      () => {
        actions.undo();
      },
    ],
    [
      'measurements',
      'Show measurements on the image',
      ['k'],
      () => {
        actions.toggleMeasurements();
      },
    ],
    [
      'measurement-list',
      'List of measurements',
      ['m'],
      () => {
        actions.listMeasurements();
      },
    ],
  ]);
}

function windowCommands(actions: Actions): Command[] {
  return commands('Window', [
    [
      'preset-default',
      'Default window',
      ['0'],
      () => {
        actions.preset(undefined);
      },
    ],
    ...ctPresets.map((preset): Row => [
      `preset-${preset.id}`,
      `${preset.label} window`,
      [preset.key],
      () => {
        actions.preset(preset);
      },
    ]),
    [
      'invert',
      'Invert grey scale',
      ['i'],
      () => {
        actions.invert();
      },
    ],
  ]);
}

function viewCommands(actions: Actions): Command[] {
  return commands('View', [
    [
      'zoom-in',
      'Zoom in',
      ['+', '='],
      () => {
        actions.zoomBy(zoomStep);
      },
    ],
    [
      'zoom-out',
      'Zoom out',
      ['-'],
      () => {
        actions.zoomBy(1 / zoomStep);
      },
    ],
    [
      'rotate-right',
      'Rotate right',
      ['r'],
      () => {
        actions.rotate(1);
      },
    ],
    [
      'rotate-left',
      'Rotate left',
      ['Shift+r'],
      () => {
        actions.rotate(-1);
      },
    ],
    [
      'flip-horizontal',
      'Flip horizontally',
      ['h'],
      () => {
        actions.flip('horizontal');
      },
    ],
    [
      'flip-vertical',
      'Flip vertically',
      ['v'],
      () => {
        actions.flip('vertical');
      },
    ],
    [
      'reset',
      'Reset view',
      ['Escape'],
      () => {
        actions.reset();
      },
    ],
    [
      'overlays',
      'Show overlays',
      ['o'],
      () => {
        actions.toggleOverlays();
      },
    ],
  ]);
}

function seriesCommands(actions: Actions): Command[] {
  return commands('Series', [
    [
      'previous-series',
      'Previous series',
      ['PageUp'],
      () => {
        actions.stepSeries(-1);
      },
    ],
    [
      'next-series',
      'Next series',
      ['PageDown'],
      () => {
        actions.stepSeries(1);
      },
    ],
    [
      'help',
      'Keyboard shortcuts',
      ['?'],
      () => {
        actions.help();
      },
    ],
  ]);
}
