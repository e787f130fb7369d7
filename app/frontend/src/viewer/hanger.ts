/** Lays a study out on the grid, as a stage of a hanging protocol says. */

import type { ViewState } from '../render/viewState';
import type { HungStudy, Slot, Stage } from '../study/hanging';
import { mammogramFlips, studyFacts } from '../study/hangingFacts';
import { fill, seriesToRead, type Filling } from '../study/hangingFill';
import { presetNamed } from '../study/presets';
import type { Viewer } from './feature';
import type { Pane } from './pane';
import type { OpenStudy } from './studyData';

export class Hanger {
  /** What is left to do for a pane once its image is there. */
  private readonly waiting = new Map<Pane, Slot>();
  private turn = 0;
  prior: OpenStudy | undefined;

  constructor(private readonly viewer: Viewer) {}

  /** What the rules may know by now; empty before the study is there. */
  get studies(): HungStudy[] {
    const { data } = this.viewer;
    return [data.current, this.prior].flatMap((study) =>
      study
        ? [
            studyFacts(study.uid, study.isPrior, study.description, study.series, (uid) =>
              data.knownSets(uid),
            ),
          ]
        : [],
    );
  }

  /** False where another layout was asked for meanwhile. */
  async apply(stage: Stage): Promise<boolean> {
    const turn = (this.turn += 1);
    await this.read(seriesToRead(stage, this.studies).map(({ uid }) => uid));
    if (turn !== this.turn) return false;
    const { grid } = this.viewer;
    const fillings = fill(stage, this.studies);
    this.waiting.clear();
    grid.giveBack();
    grid.setLayout(stage.rows, stage.columns);
    const [first] = grid.panes;
    if (first) grid.activate(first);
    await Promise.all(grid.panes.map((pane, position) => this.show(pane, fillings[position])));
    this.viewer.turn('link-scrolling', hasGroups(stage));
    return turn === this.turn;
  }

  /** Reads the headers of series; one that cannot be read is met, and told, where it is shown. */
  async read(seriesUids: readonly string[]): Promise<void> {
    const { data } = this.viewer;
    await Promise.all(
      seriesUids.map((uid) =>
        data.displaySets(uid).catch((error: unknown) => this.viewer.noteSession(error)),
      ),
    );
  }

  gone(pane: Pane): void {
    this.waiting.delete(pane);
  }

  /** Turns and places the image as soon as there is one. */
  changed(pane: Pane, state: ViewState): void {
    const slot = this.waiting.get(pane);
    if (!slot || state.phase !== 'ready' || !state.frame) return;
    this.waiting.delete(pane);
    const { view } = pane;
    if (state.frame.modality === 'MG') {
      const { horizontal, vertical } = mammogramFlips(state.frame);
      if (horizontal) view.flip('horizontal');
      if (vertical) view.flip('vertical');
    }
    if (slot.zoom !== undefined || slot.align) {
      const zoom = slot.zoom ?? 1;
      view.place(zoom, [slot.align ? slack(pane, state, zoom) * (slot.align === 'right' ? 1 : -1) : 0, 0]);
    }
  }

  private async show(pane: Pane, filling: Filling | undefined): Promise<void> {
    const found = filling?.found;
    if (!filling || !found) {
      const title = filling ? `Nothing found for “${filling.slot.label}”` : 'Nothing here yet';
      pane.empty({ icon: 'grid', title, detail: 'Drag a series into this place.', urgent: false });
      return;
    }
    const { slot } = filling;
    pane.syncGroup = slot.sync;
    this.waiting.set(pane, slot);
    await this.viewer.open(pane, found.seriesUid, found.partId);
    const window = windowOf(slot, pane.modality, this.viewer.preferences.current.presets);
    if (window) pane.view.setWindow(window);
    const index = found.index ?? indexOf(slot, pane.images?.frames.length ?? 0);
    if (index !== undefined) pane.goTo(index);
  }
}

function windowOf(
  { window }: Slot,
  modality: string,
  own: Parameters<typeof presetNamed>[2],
): { center: number; width: number } | undefined {
  if (typeof window !== 'string') return window;
  return presetNamed(window, modality, own);
}

function indexOf({ image }: Slot, count: number): number | undefined {
  if (image === undefined) return undefined;
  if (image === 'first') return 0;
  return image === 'last' ? count - 1 : Math.floor((count - 1) / 2);
}

function hasGroups({ slots }: Stage): boolean {
  const groups = slots.flatMap(({ sync }) => sync ?? []);
  return new Set(groups).size < groups.length;
}

/** The room beside the image, as a part of the viewport's width. */
function slack({ canvasHost }: Pane, { frame }: ViewState, zoom: number): number {
  const { clientWidth, clientHeight } = canvasHost;
  if (!frame || clientWidth === 0) return 0;
  const { rows, columns } = frame.pixels;
  const width = columns * Math.min(clientWidth / columns, clientHeight / rows) * zoom;
  return (clientWidth - width) / 2 / clientWidth;
}
