/** What the makers of content for a pane have in common. */

import { text } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import type { OtherSet } from '../../study/displaySets';
import type { Viewer } from '../feature';
import type { Pane } from '../pane';

export interface Content {
  element: HTMLElement;
  /** Stops what it does when it is no longer shown. */
  close?(): void;
}

/** What stands over it in the pane. */
export function headingOf({ instance, label }: OtherSet): string {
  return text(instance, Tag.DocumentTitle) ?? text(instance, Tag.SeriesDescription) ?? label;
}

export type MakeContent = (viewer: Viewer, pane: Pane, set: OtherSet) => Content;
