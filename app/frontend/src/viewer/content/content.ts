/** What the makers of content for a pane have in common. */

import type { OtherSet } from '../../study/displaySets';
import type { Viewer } from '../feature';
import type { Pane } from '../pane';

export interface Content {
  element: HTMLElement;
  /** Stops what it does when it is no longer shown. */
  close?(): void;
}

export type MakeContent = (viewer: Viewer, pane: Pane, set: OtherSet) => Content;
