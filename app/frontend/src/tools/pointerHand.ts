/** What mouse, wheel and fingers do on a plane or a volume: the left button and one finger follow the chosen tool. */

export type Place = readonly [x: number, y: number];

export interface HandEvents<Tool> {
  /** The chosen tool for the left button, and what the other buttons do whatever is chosen. */
  toolOf(button: 'left' | 'middle' | 'right'): Tool;
  pressed(tool: Tool, at: Place): void;
  dragged(tool: Tool, from: Place, to: Place): void;
  released(tool: Tool): void;
  wheeled(steps: number, withCtrl: boolean): void;
  /** Two fingers moved apart or together. */
  zoomed(factor: number): void;
  /** Two fingers moved both at once. */
  shifted(from: Place, to: Place): void;
}

const buttons = ['left', 'middle', 'right'] as const;
/** A notch of a mouse wheel is at least this far; what a touchpad sends is added up to it. */
const pixelsPerNotch = 50;

export class PointerHand<Tool> {
  private readonly fingers = new Map<number, Place>();
  private tool: Tool | undefined;
  private wheeled = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly events: HandEvents<Tool>,
  ) {}

  listen(): void {
    const { element } = this;
    element.addEventListener('pointerdown', (event) => this.press(event));
    element.addEventListener('pointermove', (event) => this.move(event));
    for (const kind of ['pointerup', 'pointercancel'] as const)
      element.addEventListener(kind, (event) => this.release(event));
    element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    // The middle button would start the browser's own scrolling.
    element.addEventListener('mousedown', (event) => {
      if (event.button === 1) event.preventDefault();
    });
  }

  private press(event: PointerEvent): void {
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.place(event));
    if (this.fingers.size > 1) {
      this.stop();
      return;
    }
    this.tool = this.events.toolOf(buttons[event.button] ?? 'left');
    this.events.pressed(this.tool, this.place(event));
  }

  private move(event: PointerEvent): void {
    const from = this.fingers.get(event.pointerId);
    if (!from) return;
    const to = this.place(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, to);
    if (other) this.pinch(other, from, to);
    else if (this.tool !== undefined) this.events.dragged(this.tool, from, to);
  }

  private pinch(other: Place, from: Place, to: Place): void {
    const before = distance(other, from);
    if (before > 0) this.events.zoomed(distance(other, to) / before);
    const middle = (a: Place): Place => [(a[0] + other[0]) / 2, (a[1] + other[1]) / 2];
    this.events.shifted(middle(from), middle(to));
  }

  private release(event: PointerEvent): void {
    if (this.fingers.delete(event.pointerId)) this.stop();
  }

  private stop(): void {
    const { tool } = this;
    this.tool = undefined;
    if (tool !== undefined) this.events.released(tool);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels =
      event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * pixelsPerNotch;
    this.wheeled =
      Math.abs(pixels) >= pixelsPerNotch ? Math.sign(pixels) * pixelsPerNotch : this.wheeled + pixels;
    if (Math.abs(this.wheeled) < pixelsPerNotch) return;
    const steps = Math.sign(this.wheeled);
    this.wheeled = 0;
    this.events.wheeled(steps, event.ctrlKey);
  }

  private place(event: PointerEvent): Place {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.element;
    // Where the element ends between two pixels, its picture is stretched over the fraction.
    return [
      ((event.clientX - left) * clientWidth) / (width || 1),
      ((event.clientY - top) * clientHeight) / (height || 1),
    ];
  }
}

function distance([ax, ay]: Place, [bx, by]: Place): number {
  return Math.hypot(ax - bx, ay - by);
}
