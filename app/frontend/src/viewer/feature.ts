/** What a capability of the viewer is made of, and what it gets to work with. */

import type { DicomWebClient } from '../dicomweb/client';
import type { Rendering } from '../render/engine';
import type { ViewState } from '../render/viewState';
import type { DisplaySet, OtherSet } from '../study/displaySets';
import type { ToolBindings } from '../tools/toolBindings';
import type { Command } from '../ui/shortcuts';
import type { Grid } from './grid';
import type { KeyImage } from './keyImagesClient';
import type { Layout } from './layout';
import type { OwnRequests } from './ownRequests';
import type { Pane } from './pane';
import type { PriorStudies } from './priorStudies';
import type { Preferences } from './preferences';
import type { ServerWatch } from './serverWatch';
import type { ViewerSettings } from './settings';
import type { StudyData } from './studyData';

/** What a feature may use. The grid has its first pane only after all features are made. */
export interface Viewer {
  readonly settings: ViewerSettings;
  readonly client: DicomWebClient;
  readonly data: StudyData;
  readonly rendering: Rendering;
  readonly tools: ToolBindings;
  readonly grid: Grid;
  readonly page: Layout;
  readonly preferences: Preferences;
  /** All commands, with the reader's own keys; empty while the features are being made. */
  readonly commands: readonly Command[];
  /** What features offer one another. */
  readonly offers: Offers;
  /** Raises nothing: what fails is shown in the pane. */
  open(pane: Pane, seriesUid: string, partId?: string): Promise<void>;
  readonly server: ServerWatch;
  readonly requests: OwnRequests;
  readonly priors: PriorStudies;
  /** Takes note of what failed: where it is the session or the server, the reader is told. */
  noteSession(error: unknown): void;
  /** Switches something that a command switches. */
  turn(commandId: string, isOn: boolean): void;
  /** Shows the state of all commands anew. */
  refresh(): void;
}

export interface Offers {
  /** The selected measurements in words, or all where none is selected. */
  measurementLines?: () => readonly string[];
  keyImages?: () => readonly KeyImage[];
}

/** One capability; every hook is optional. */
export interface Feature {
  readonly commands?: readonly Command[];
  /** The study's list of series is there. */
  loaded?(): void;
  /** The first image is on the screen, or none is to be waited for: what stands beside the images is asked for. */
  imageShown?(): void;
  /** Lays out the study, which has images, in place of its first series; the first feature that says it does is taken. */
  arrange?(): boolean;
  /** The server answers again, or the reader signed in again: what failed can go on. */
  recovered?(): void;
  /** The graphics card is gone, and with it the drawing engine: whatever is drawn beside the panes has to close. */
  graphicsLost?(): void;
  paneMade?(pane: Pane): void;
  paneGone?(pane: Pane): void;
  /** The reader works in another pane. */
  activated?(pane: Pane): void;
  /** A pane shows another display set, or none. */
  opened?(pane: Pane, shown: DisplaySet | undefined): void;
  /** Image, window, size or anything else of what a pane shows is not what it was. */
  changed?(pane: Pane, state: ViewState): void;
  /** Draws what is no image; the first feature that answers is taken. */
  content?(pane: Pane, set: OtherSet): HTMLElement | undefined;
}

export type MakeFeature = (viewer: Viewer) => Feature;
