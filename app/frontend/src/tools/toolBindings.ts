/** Which hand movement does what: the left button and one finger follow the chosen tool, the rest never changes. */

import {
  addTool,
  Enums,
  init as initTools,
  PanTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
  type Types,
} from '@cornerstonejs/tools';
import { StepTool } from './stepTool';

export type PrimaryTool = 'window' | 'scroll' | 'pan' | 'zoom';

const { MouseBindings, KeyboardBindings } = Enums;
const groupId = 'viewer';

const toolNames: Record<PrimaryTool, string> = {
  window: WindowLevelTool.toolName as string,
  scroll: StepTool.toolName,
  pan: PanTool.toolName as string,
  zoom: ZoomTool.toolName as string,
};

/** Bindings that hold whatever the chosen tool is. */
const fixedBindings: Record<PrimaryTool, Types.IToolBinding[]> = {
  window: [],
  scroll: [{ mouseButton: MouseBindings.Wheel }],
  pan: [{ mouseButton: MouseBindings.Auxiliary }],
  zoom: [
    { mouseButton: MouseBindings.Secondary },
    { mouseButton: MouseBindings.Wheel, modifierKey: KeyboardBindings.Ctrl },
    { numTouchPoints: 2 },
  ],
};

export class ToolBindings {
  private readonly group: Types.IToolGroup;

  constructor(private readonly engineId: string) {
    initTools();
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, StepTool]) addTool(tool);
    const group = ToolGroupManager.createToolGroup(groupId);
    if (!group) throw new Error('the tool group exists already');
    for (const name of Object.values(toolNames)) group.addTool(name);
    this.group = group;
  }

  attach(viewportId: string): void {
    this.group.addViewport(viewportId, this.engineId);
  }

  choose(chosen: PrimaryTool): void {
    for (const [tool, name] of Object.entries(toolNames) as [PrimaryTool, string][]) {
      const isChosen = tool === chosen;
      const bindings = isChosen
        ? [{ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 }, ...fixedBindings[tool]]
        : fixedBindings[tool];
      this.group.setToolPassive(name, { removeAllBindings: true });
      if (bindings.length > 0) this.group.setToolActive(name, { bindings });
    }
  }
}
