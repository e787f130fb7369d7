/** A finger that is held still on the image opens the tools, where the finger is. */

import { CommandButton } from '../../ui/commandButton';
import { element } from '../../ui/dom';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

const heldMs = 500;
/** A finger is never quite still. */
const tremblingPixels = 10;
/** While one of these is in the hand, a finger held still is not the beginning of a measurement. */
const hands = ['tool-window', 'tool-scroll', 'tool-pan', 'tool-zoom'];

export function touch(viewer: Viewer): Feature {
  const menu = new HeldMenu(viewer);
  return { paneMade: (pane) => menu.listen(pane) };
}

class HeldMenu {
  private readonly panel = element('div', {
    class: 'viewer-menu viewer-held-menu',
    popover: 'auto',
    role: 'group',
    'aria-label': 'Tools',
  });
  private timer: ReturnType<typeof setTimeout> | undefined;
  private from = { x: 0, y: 0 };

  constructor(private readonly viewer: Viewer) {
    viewer.page.addLayer(this.panel);
    this.panel.addEventListener('click', () => this.panel.hidePopover());
  }

  listen({ layers }: Pane): void {
    layers.addEventListener('pointerdown', (event) => this.begin(event), { capture: true });
    layers.addEventListener('pointermove', (event) => this.follow(event), { capture: true });
    for (const kind of ['pointerup', 'pointercancel']) {
      layers.addEventListener(kind, () => clearTimeout(this.timer), { capture: true });
    }
  }

  private begin({ pointerType, isPrimary, clientX, clientY }: PointerEvent): void {
    clearTimeout(this.timer);
    // A second finger means to zoom.
    if (pointerType !== 'touch' || !isPrimary || !this.isMoving) return;
    this.from = { x: clientX, y: clientY };
    this.timer = setTimeout(() => this.open(), heldMs);
  }

  private follow({ clientX, clientY, isPrimary }: PointerEvent): void {
    if (!isPrimary) return;
    const { x, y } = this.from;
    if (Math.hypot(clientX - x, clientY - y) > tremblingPixels) clearTimeout(this.timer);
  }

  /** Whether the tool in the hand moves the image rather than draws on it. */
  private get isMoving(): boolean {
    return this.viewer.commands.some(({ id, isPressed }) => hands.includes(id) && isPressed?.() === true);
  }

  private open(): void {
    const buttons = this.viewer.commands.filter(isTool).map((command) => {
      const button = new CommandButton(command);
      button.refresh();
      return button.element;
    });
    this.panel.replaceChildren(...buttons);
    this.panel.showPopover();
    const { width, height } = this.panel.getBoundingClientRect();
    this.panel.style.left = `${Math.max(8, Math.min(this.from.x - width / 2, innerWidth - width - 8))}px`;
    this.panel.style.top = `${Math.max(8, Math.min(this.from.y + 16, innerHeight - height - 8))}px`;
  }
}

function isTool({ id, isOffered }: Command): boolean {
  return id.startsWith('tool-') && isOffered?.() !== false;
}
