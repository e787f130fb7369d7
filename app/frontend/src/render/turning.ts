/** Turns and flips of what a stack viewport has on the screen. */

import type { Types } from '@cornerstonejs/core';

/** By quarter turns, clockwise. */
export function rotate(viewport: Types.IStackViewport, quarters: 1 | -1): void {
  const rotation = viewport.getViewPresentation().rotation ?? 0;
  viewport.setViewPresentation({ rotation: (rotation + 360 + 90 * quarters) % 360 });
  viewport.render();
}

/** About an axis of the screen: the CPU renderer flips the image before it turns it, but readers mean what they see. */
export function flip(
  viewport: Types.IStackViewport,
  axis: 'horizontal' | 'vertical',
  usesCpu: boolean,
): void {
  const { flipHorizontal, flipVertical } = viewport.getCamera();
  const { rotation = 0 } = viewport.getViewPresentation();
  const isTurned = usesCpu && Math.round(rotation) % 180 !== 0;
  viewport.setCamera(
    (axis === 'horizontal') !== isTurned
      ? { flipHorizontal: !flipHorizontal }
      : { flipVertical: !flipVertical },
  );
  viewport.render();
}
