/** Pointing at a place in the patient; the viewer shows it in the other viewports. */

import { BaseTool, type Types } from '@cornerstonejs/tools';
import { toVector, type Vector } from '../study/vector';

export const locateEvent = 'noctis:locate';

export class LocateTool extends BaseTool {
  static override toolName = 'NoctisLocate';

  constructor(
    toolProps: Types.PublicToolProps = {},
    defaults: Types.ToolProps = { supportedInteractionTypes: ['Mouse', 'Touch'], configuration: {} },
  ) {
    super(toolProps, defaults);
  }

  preMouseDownCallback = (event: Types.EventTypes.InteractionEventType): boolean => {
    tell(event);
    return true;
  };

  mouseDragCallback = (event: Types.EventTypes.InteractionEventType): void => tell(event);

  preTouchStartCallback = (event: Types.EventTypes.InteractionEventType): boolean => {
    tell(event);
    return true;
  };

  touchDragCallback = (event: Types.EventTypes.InteractionEventType): void => tell(event);
}

function tell({ detail }: Types.EventTypes.InteractionEventType): void {
  const point = toVector([...detail.currentPoints.world]);
  if (point) detail.element.dispatchEvent(new CustomEvent<Vector>(locateEvent, { detail: point }));
}
