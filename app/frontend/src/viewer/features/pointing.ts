/** What the left button and one finger do: moving the image, or measuring on it. */

import type { PrimaryTool } from '../../tools/toolBindings';
import type { IconName } from '../../ui/icons';
import type { ButtonPlace, Command, CommandGroup } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';

interface ToolRow {
  tool: PrimaryTool;
  label: string;
  key: string;
  icon: IconName;
}

const hands: readonly ToolRow[] = [
  { tool: 'window', label: 'Window and level', key: 'w', icon: 'window' },
  { tool: 'scroll', label: 'Scroll', key: 's', icon: 'scroll' },
  { tool: 'pan', label: 'Pan', key: 'p', icon: 'pan' },
  { tool: 'zoom', label: 'Zoom', key: 'z', icon: 'zoom' },
  { tool: 'locate', label: 'Show a place in all viewports', key: 'x', icon: 'crosshair' },
];

const measures: readonly ToolRow[] = [
  { tool: 'length', label: 'Measure a length', key: 'l', icon: 'length' },
  { tool: 'bidirectional', label: 'Measure two diameters', key: 'b', icon: 'bidirectional' },
  { tool: 'angle', label: 'Measure an angle', key: 'a', icon: 'angle' },
  { tool: 'cobb', label: 'Measure a Cobb angle', key: 'g', icon: 'cobb' },
  {
    tool: 'cardiothoracic',
    label: 'Measure the cardiothoracic ratio',
    key: 'Shift+g',
    icon: 'cardiothoracic',
  },
  { tool: 'rectangle', label: 'Rectangular region', key: 'q', icon: 'rectangle' },
  { tool: 'ellipse', label: 'Elliptical region', key: 'e', icon: 'ellipse' },
  { tool: 'circle', label: 'Circular region', key: 'y', icon: 'circle' },
  { tool: 'freehand', label: 'Freehand region', key: 'f', icon: 'freehand' },
  { tool: 'probe', label: 'Value at a point', key: 'd', icon: 'probe' },
  { tool: 'arrow', label: 'Arrow with text', key: 't', icon: 'arrow' },
  { tool: 'label', label: 'Text', key: 'n', icon: 'label' },
];

export function pointing(viewer: Viewer): Feature {
  const { preferences, tools } = viewer;
  const preferred = (): PrimaryTool => preferredTool(preferences.current.tool, viewer.settings.mayAnnotate);
  let [chosen, first] = [preferred(), preferred()];
  tools.assign(preferences.current.mouse);
  tools.choose(chosen);
  preferences.listen(() => {
    // Another preference leaves the tool that is in the reader's hand.
    if (first !== preferred()) chosen = first = preferred();
    tools.assign(preferences.current.mouse);
    tools.choose(chosen);
  });
  const commandOf =
    (group: CommandGroup, place: ButtonPlace) =>
    ({ tool, label, key, icon }: ToolRow): Command => ({
      id: `tool-${tool}`,
      label,
      group,
      keys: [key],
      run: () => {
        chosen = tool;
        tools.choose(tool);
        viewer.refresh();
      },
      button: { place, icon },
      isPressed: () => chosen === tool,
      isEnabled: () => viewer.grid.active.view.current.count > 0,
      isOffered: () => place !== 'measure' || viewer.settings.mayAnnotate,
    });
  return {
    commands: [...hands.map(commandOf('Tools', 'mouse')), ...measures.map(commandOf('Measure', 'measure'))],
  };
}

/** The tool that the reader prefers, or that fits the device: a finger scrolls, a mouse sets the window. */
function preferredTool(wanted: string | undefined, mayMeasure: boolean): PrimaryTool {
  const offered = mayMeasure ? [...hands, ...measures] : hands;
  const usual = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window';
  return offered.find(({ tool }) => tool === wanted)?.tool ?? usual;
}

/** The tools that may be in the reader's hand at first, with their names. */
export const preferableTools: readonly (readonly [tool: string, label: string])[] = [
  ...hands,
  ...measures,
].map(({ tool, label }) => [tool, label]);
