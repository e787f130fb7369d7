/** Two diameters, of the heart and of the thorax, drawn one after the other, and what the one is of the other. */

import { type Types as CoreTypes } from '@cornerstonejs/core';
import { annotation as library, CobbAngleTool, Enums, type Types } from '@cornerstonejs/tools';
import { cardiothoracicOf } from '../study/cardiothoracic';
import type { Vector } from '../study/vector';

/** The library's tool for two lines, with other figures: an angle between parallel lines would draw no words. */
export class CardiothoracicTool extends CobbAngleTool {
  static override toolName = 'NoctisCardiothoracicRatio';

  override _calculateCachedStats(
    annotation: Types.Annotation,
    _engine: unknown,
    { viewport }: CoreTypes.IEnabledElement,
  ): void {
    const points = (annotation.data.handles?.points ?? []).map(([x, y, z]): Vector => [x, y, z]);
    const found = cardiothoracicOf(points);
    if (!found) return;
    const statistics = annotation.data.cachedStats as Record<string, object>;
    for (const [targetId, present] of Object.entries(statistics)) {
      // The library puts its words beside the lines only where there is an angle.
      statistics[targetId] = { ...present, ...found, angle: true };
    }
    const wasInvalid = annotation.invalidated;
    annotation.invalidated = false;
    if (wasInvalid) {
      const { StatsUpdated } = Enums.ChangeTypes;
      library.state.triggerAnnotationModified(annotation, viewport.element, StatsUpdated);
    }
  }
}
