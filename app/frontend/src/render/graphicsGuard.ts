/** Notices when the graphics card is lost under the viewer, and gives it another engine: with the card, or without. */

import { cache, Enums, eventTarget, RenderingEngine, setUseCPURendering } from '@cornerstonejs/core';
import { engineId, type Rendering } from './engine';

export interface GraphicsEvents {
  /** Nothing can be drawn now. */
  lost(): void;
  /** There is another engine, and nothing is drawn on it yet. */
  renewed(): void;
}

/** The browser gives a card back within moments, or not at all. */
const patienceMs = 3000;
/** A card that fails as often as this within one page is not trusted again. */
const mostLosses = 3;

export function guardGraphics(rendering: Rendering, events: GraphicsEvents): void {
  let losses = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const renew = (): void => {
    if (waiting === undefined) return;
    clearTimeout(waiting);
    waiting = undefined;
    renewEngine(rendering, losses > mostLosses || !hasGraphics());
    events.renewed();
  };
  eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, () => {
    if (waiting !== undefined || rendering.usesCpu) return;
    losses += 1;
    waiting = setTimeout(renew, patienceMs);
    events.lost();
  });
  eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_RESTORED, renew);
}

function renewEngine(rendering: Rendering, usesCpu: boolean): void {
  rendering.engine.destroy();
  if (usesCpu) useCpu(rendering);
  rendering.engine = new RenderingEngine(engineId);
}

/** Images in colour have another form without the card: they are decoded anew. */
function useCpu(rendering: Rendering): void {
  setUseCPURendering(true);
  rendering.usesCpu = true;
  for (const imageId of rendering.registry.imageIds) {
    if (cache.getImage(imageId)?.color) cache.removeImageLoadObject(imageId, { force: true });
  }
}

/** Asked of a canvas of its own: what the library knows of the card is from before. */
function hasGraphics(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  const works = context !== null && !context.isContextLost();
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return works;
}
