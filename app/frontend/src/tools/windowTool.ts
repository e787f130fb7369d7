/** Windowing by mouse, with steps that suit the units of PET. */

import { WindowLevelTool } from '@cornerstonejs/tools';
import { petRange, type ValueRange } from '../study/voi';

/** What the library hands over, which it does not type. */
interface Drag extends ValueRange {
  deltaPointsCanvas: readonly number[];
  clientHeight: number;
}

export class WindowTool extends WindowLevelTool {
  /** The library takes all values of PET for SUV; they may as well be tens of thousands of Bq/ml. */
  override getPTScaledNewRange({ deltaPointsCanvas, lower, upper, clientHeight }: Drag): ValueRange {
    const [, down = 0] = deltaPointsCanvas;
    return petRange({ lower, upper }, down / clientHeight);
  }
}
