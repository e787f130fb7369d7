/** What a viewport shows at one moment, for everything that stands around the image. */

import type { Affine } from '../study/affine';
import type { Frame, Window } from '../study/frame';

export type Phase = 'empty' | 'loading' | 'ready' | 'error';

export interface ViewState {
  phase: Phase;
  /** The image on the screen, counted from zero; undefined until there is one. */
  index: number | undefined;
  /** The image that the reader asked for. */
  target: number;
  count: number;
  frame: Frame | undefined;
  window: Window | undefined;
  /** Whether that is the window the image came with. */
  windowIsDefault: boolean;
  /** Which of the windows that the header recommends is in use; undefined where the reader chose one of their own. */
  recommended: number | undefined;
  /** Size relative to the image fitted into the viewport. */
  zoom: number;
  /** How far the image was moved from the middle, as parts of the viewport's width and height. */
  pan: readonly [number, number];
  /** Clockwise, in degrees: 0, 90, 180 or 270. */
  rotation: number;
  flippedHorizontally: boolean;
  flippedVertically: boolean;
  inverted: boolean;
  /** Screen directions in terms of the image's rows and columns. */
  right: readonly [number, number];
  down: readonly [number, number];
  millimetresPerPixel: number | undefined;
  /** Where points of the image lie in the viewport. */
  toScreen: Affine | undefined;
  error: Error | undefined;
}

export const emptyState: ViewState = {
  phase: 'empty',
  index: undefined,
  target: 0,
  count: 0,
  frame: undefined,
  window: undefined,
  windowIsDefault: true,
  recommended: 0,
  zoom: 1,
  pan: [0, 0],
  rotation: 0,
  flippedHorizontally: false,
  flippedVertically: false,
  inverted: false,
  right: [1, 0],
  down: [0, 1],
  millimetresPerPixel: undefined,
  toScreen: undefined,
  error: undefined,
};
