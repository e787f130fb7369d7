/** Which hand movement does what: the left button and one finger follow the chosen tool, the rest what the reader prefers. */

import {
  addTool,
  annotation,
  Enums,
  init as initTools,
  PanTool,
  ToolGroupManager,
  ZoomTool,
  type Types,
} from '@cornerstonejs/tools';
import { defaultPreferences, type HandTool, type Mouse } from '../study/preferences';
import {
  configurationOf,
  libraryName,
  measureToolNames,
  measureTools,
  type MeasureContext,
  type MeasureTool,
} from './measureTools';
import { LocateTool } from './locateTool';
import { StepTool } from './stepTool';
import { WindowTool } from './windowTool';

export type PrimaryTool = HandTool | MeasureTool;

const { MouseBindings, KeyboardBindings } = Enums;
const groupId = 'viewer';

const handTools: Record<HandTool, string> = {
  window: WindowTool.toolName as string,
  scroll: StepTool.toolName,
  pan: PanTool.toolName as string,
  zoom: ZoomTool.toolName as string,
  locate: LocateTool.toolName,
};

/** Bindings that hold whatever the chosen tool is: the reader's for the mouse, and two fingers, which zoom and pan. */
function fixedBindings({ middle, right, wheel }: Mouse): Record<HandTool, Types.IToolBinding[]> {
  const bindings: Record<HandTool, Types.IToolBinding[]> = {
    window: [],
    scroll: [],
    pan: [],
    zoom: [],
    locate: [],
  };
  const withCtrl = wheel === 'scroll' ? 'zoom' : 'scroll';
  bindings[middle].push({ mouseButton: MouseBindings.Auxiliary });
  bindings[right].push({ mouseButton: MouseBindings.Secondary });
  bindings[wheel].push({ mouseButton: MouseBindings.Wheel });
  bindings[withCtrl].push({ mouseButton: MouseBindings.Wheel, modifierKey: KeyboardBindings.Ctrl });
  bindings.zoom.push({ numTouchPoints: 2 });
  return bindings;
}

const primaryBindings: Types.IToolBinding[] = [{ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 }];

export class ToolBindings {
  private readonly group: Types.IToolGroup;
  private readonly listeners: ((chosen: PrimaryTool) => void)[] = [];
  private fixed = fixedBindings(defaultPreferences.mouse);

  constructor(
    private readonly engineId: string,
    context: MeasureContext,
  ) {
    initTools();
    for (const tool of [WindowTool, PanTool, ZoomTool, StepTool, LocateTool, ...Object.values(measureTools)])
      addTool(tool);
    const group = ToolGroupManager.createToolGroup(groupId);
    if (!group) throw new Error('the tool group exists already');
    for (const name of Object.values(handTools)) group.addTool(name);
    for (const tool of measureToolNames) group.addTool(libraryName(tool), configurationOf(tool, context));
    this.group = group;
    styleMeasurements();
  }

  attach(viewportId: string): void {
    this.group.addViewport(viewportId, this.engineId);
  }

  /** What the buttons and the wheel do; takes effect with the next tool that is chosen. */
  assign(mouse: Mouse): void {
    this.fixed = fixedBindings(mouse);
  }

  /** Calls back when a tool is chosen. */
  listen(listener: (chosen: PrimaryTool) => void): void {
    this.listeners.push(listener);
  }

  choose(chosen: PrimaryTool): void {
    for (const [tool, name] of Object.entries(handTools) as [HandTool, string][]) {
      const bindings = tool === chosen ? [...primaryBindings, ...this.fixed[tool]] : this.fixed[tool];
      this.bind(name, bindings);
    }
    for (const tool of measureToolNames) this.bind(libraryName(tool), tool === chosen ? primaryBindings : []);
    for (const listener of this.listeners) listener(chosen);
  }

  /** A measuring tool without a hand movement still lets its measurements be picked up and moved. */
  private bind(name: string, bindings: Types.IToolBinding[]): void {
    this.group.setToolPassive(name, { removeAllBindings: true });
    if (bindings.length > 0) this.group.setToolActive(name, { bindings });
  }
}

/** Colours that stay legible on black, on white and on grey; the text is as large as the rest of the viewer's. */
function styleMeasurements(): void {
  const { style } = annotation.config;
  const present = style.getDefaultToolStyles();
  style.setDefaultToolStyles({
    ...present,
    global: {
      ...present.global,
      color: 'rgb(255, 214, 92)',
      colorHighlighted: 'rgb(255, 240, 190)',
      colorSelected: 'rgb(120, 220, 160)',
      lineWidth: '1.5',
      textBoxColor: 'rgb(255, 226, 140)',
      textBoxColorHighlighted: 'rgb(255, 240, 190)',
      textBoxColorSelected: 'rgb(160, 235, 190)',
      textBoxFontFamily: 'system-ui, sans-serif',
      textBoxFontSize: '13px',
      textBoxLinkLineWidth: '1',
    },
  });
}
