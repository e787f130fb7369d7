/** Moving through the stack with the wheel, a drag or a finger; the viewer decides what a step does. */

import { BaseTool, type Types } from '@cornerstonejs/tools';

export const stepEvent = 'noctis:step';

/** Wheels turn in notches of about 100 pixels, touch pads in many small ones. */
const pixelsPerNotch = 50;
const leastPixelsPerImage = 3;
const wholeHeightShows = 40;

export class StepTool extends BaseTool {
  static override toolName = 'NoctisStep';
  private wheeled = 0;
  private dragged = 0;

  constructor(
    toolProps: Types.PublicToolProps = {},
    defaults: Types.ToolProps = { supportedInteractionTypes: ['Mouse', 'Touch'], configuration: {} },
  ) {
    super(toolProps, defaults);
  }

  mouseWheelCallback(event: Types.EventTypes.MouseWheelEventType): void {
    const { element, wheel } = event.detail;
    const pixels = wheel.pixelY;
    if (Math.abs(pixels) >= pixelsPerNotch) {
      this.wheeled = 0;
      step(element, Math.sign(pixels));
      return;
    }
    this.wheeled += pixels;
    if (Math.abs(this.wheeled) < pixelsPerNotch) return;
    step(element, Math.sign(this.wheeled));
    this.wheeled = 0;
  }

  mouseDragCallback = (event: Types.EventTypes.InteractionEventType): void => {
    this.drag(event);
  };

  touchDragCallback = (event: Types.EventTypes.InteractionEventType): void => {
    this.drag(event);
  };

  private drag(event: Types.EventTypes.InteractionEventType): void {
    const { element, deltaPoints } = event.detail;
    const pixelsPerImage = Math.max(leastPixelsPerImage, element.clientHeight / wholeHeightShows);
    this.dragged += deltaPoints.canvas[1];
    const steps = Math.trunc(this.dragged / pixelsPerImage);
    if (steps === 0) return;
    this.dragged -= steps * pixelsPerImage;
    step(element, steps);
  }
}

function step(element: HTMLDivElement, delta: number): void {
  element.dispatchEvent(new CustomEvent<number>(stepEvent, { detail: delta }));
}
