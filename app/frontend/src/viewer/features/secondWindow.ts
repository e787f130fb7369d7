/** A second window on the same study, for a second monitor, that stays in step with the first. */

import type { ViewState } from '../../render/viewState';
import { holdsImages } from '../../study/seriesList';
import { indexOfPlace, placeOf } from '../../study/samePlace';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';
import { WindowLink, type Change } from '../windowLink';

/** Names the pair of windows: in the memory of the first one's tab, and in the address of the second. */
const pairKey = 'noctis.viewer.pair';
export const pairParameter = 'with';
const uidForm = /^[0-9.]{1,64}$/;

export function secondWindow(viewer: Viewer): Feature {
  const pair = new Pair(viewer);
  return {
    opened: (pane) => pair.forget(pane),
    paneGone: (pane) => pair.forget(pane),
    changed: (pane, state) => pair.tell(pane, state),
    commands: [
      {
        id: 'second-window',
        label: 'Second window on this study',
        group: 'Study',
        keys: ['F2'],
        run: () => pair.openSecond(),
        button: { place: 'page', icon: 'secondWindow' },
        isPressed: () => pair.isLinked,
        isOffered: () => !pair.isSecond,
      },
    ],
  };
}

type Known = Pick<ViewState, 'target' | 'window'>;

class Pair {
  readonly isSecond: boolean;
  private id: string | undefined;
  private link: WindowLink | undefined;
  private readonly known = new Map<Pane, Known>();
  private isFollowing = false;

  constructor(private readonly viewer: Viewer) {
    const fromAddress = new URLSearchParams(location.search).get(pairParameter);
    this.isSecond = fromAddress !== null;
    this.id = fromAddress ?? sessionStorage.getItem(pairKey) ?? undefined;
    if (this.isSecond) document.title = 'Second window – Noctis';
    this.join();
    viewer.tools.listen((tool) => {
      if (!this.isFollowing && this.follows.tool) this.link?.tell({ kind: 'tool', tool });
    });
    addEventListener('pagehide', () => this.link?.leave());
    // Back from the browser's memory, this window is there again.
    addEventListener('pageshow', (event) => event.persisted && this.join());
  }

  get isLinked(): boolean {
    return this.link?.isLinked === true;
  }

  openSecond(): void {
    this.id ??= crypto.randomUUID();
    sessionStorage.setItem(pairKey, this.id);
    if (!this.link) this.join();
    const address = new URL(`/viewer/${this.viewer.settings.studyUid}`, location.href);
    address.searchParams.set(pairParameter, this.id);
    const series = this.nextSeries();
    if (series !== undefined) address.searchParams.set('series', series);
    const look = `popup,left=${screenX + outerWidth},top=${screenY},width=${outerWidth},height=${outerHeight}`;
    const opened = open(address, `noctis-${this.id}`, look);
    if (opened) opened.focus();
    else this.viewer.page.status.showHint('The browser blocked the window: allow pop-ups for this site.');
  }

  tell(pane: Pane, { target, window }: ViewState): void {
    const before = this.known.get(pane);
    this.known.set(pane, { target, window });
    if (!before || this.isFollowing || pane !== this.viewer.grid.active) return;
    if (before.target !== target) {
      const place = placeOf(pane.images?.frames[target]);
      if (place) this.link?.tell({ kind: 'place', place });
    }
    const isOther = before.window?.center !== window?.center || before.window?.width !== window?.width;
    if (this.follows.window && isOther && window) {
      this.link?.tell({ kind: 'window', modality: pane.modality, window });
    }
  }

  forget(pane: Pane): void {
    this.known.delete(pane);
  }

  private get follows(): { tool: boolean; window: boolean } {
    return this.viewer.preferences.current.follow;
  }

  private join(): void {
    if (this.id === undefined) return;
    const { user, studyUid } = this.viewer.settings;
    const channel = new BroadcastChannel(`noctis.viewer.${user}.${this.id}`);
    this.link = new WindowLink(this.isSecond ? 'second' : 'first', studyUid, channel, {
      linked: () => this.viewer.refresh(),
      followed: (change) => this.follow(change),
      studyChanged: (uid) => this.goTo(uid),
    });
  }

  private goTo(studyUid: string): void {
    if (!uidForm.test(studyUid) || this.id === undefined) return;
    location.assign(`/viewer/${studyUid}?${new URLSearchParams({ [pairParameter]: this.id }).toString()}`);
  }

  private follow(change: Change): void {
    this.isFollowing = true;
    if (change.kind === 'tool' && this.follows.tool) {
      this.viewer.commands.find(({ id }) => id === `tool-${change.tool}`)?.run();
    }
    for (const pane of this.viewer.grid.panes) {
      if (change.kind === 'place') {
        const index = indexOfPlace(pane.images?.frames ?? [], change.place);
        if (index !== undefined) pane.goTo(index);
      } else if (change.kind === 'window' && this.follows.window && pane.modality === change.modality) {
        pane.view.setWindow(change.window);
      }
    }
    this.isFollowing = false;
  }

  /** The first series with images that this window does not show. */
  private nextSeries(): string | undefined {
    const shown = new Set(this.viewer.grid.panes.map((pane) => pane.seriesUid));
    return this.viewer.data.series.find((series) => holdsImages(series) && !shown.has(series.uid))?.uid;
  }
}
