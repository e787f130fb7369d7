/** Hanging protocols in the viewer: the best one as a study opens, another by choice, one's own kept. */

import { isProjection, type HangingProtocol } from '../../study/hanging';
import { rank } from '../../study/hangingChoice';
import { lateralityOf, planeName, viewOf } from '../../study/hangingFacts';
import { kindLabel, kindOf, learn, ownId, ownProtocol, type ShownNow } from '../../study/hangingOwn';
import { holdsImages } from '../../study/seriesList';
import { hangingMenu } from '../../ui/hangingMenu';
import { Menu } from '../../ui/menu';
import type { Feature, Viewer } from '../feature';
import { Hanger } from '../hanger';
import { HangingClient, hangingPreferences, type HangingPreferences } from '../hangingClient';
import { reasonFor } from '../notices';
import type { Pane } from '../pane';
import { rememberHanging } from '../settings';

/** The layout of a single series needs no rules. */
const single = 'one';
/** How long the first image may wait for the rules. */
const patienceMs = 2500;
/** Of films the headers tell the view; a series of more images is no set of films. */
const mostFilms = 40;

export function hanging(viewer: Viewer): Feature {
  const work = new Hanging(viewer);
  return {
    arrange: () => {
      void work.begin();
      return true;
    },
    paneGone: (pane) => work.hanger.gone(pane),
    changed: (pane, state) => work.hanger.changed(pane, state),
    commands: [
      {
        id: 'next-stage',
        label: 'Next stage of the hanging protocol',
        group: 'Layout',
        keys: ['j'],
        run: () => void work.step(1),
      },
      {
        id: 'previous-stage',
        label: 'Previous stage of the hanging protocol',
        group: 'Layout',
        keys: ['Shift+j'],
        run: () => void work.step(-1),
      },
      {
        id: 'hang-again',
        label: 'Lay the study out again',
        group: 'Layout',
        keys: ['Shift+h'],
        run: () => void work.hang(work.best()),
      },
    ],
  };
}

class Hanging {
  readonly hanger: Hanger;
  private readonly client: HangingClient;
  private readonly menu = new Menu('hanging', 'Hanging protocol', 'hanging');
  private protocols: readonly HangingProtocol[] = [];
  private preferences: HangingPreferences;
  private shown: HangingProtocol | undefined;
  private stage = 0;
  private ready: Promise<void> | undefined;

  constructor(private readonly viewer: Viewer) {
    const { hangingUrl, preferencesUrl } = viewer.settings;
    this.preferences = hangingPreferences(viewer.settings.preferences);
    this.hanger = new Hanger(viewer);
    this.client = new HangingClient(hangingUrl, preferencesUrl, viewer.requests);
    viewer.page.toolbar.add('layout', this.menu.element);
    this.menu.panel.addEventListener('beforetoggle', (event) => {
      if (event.newState === 'open') this.open();
    });
    // Asked for together with the study itself, so that nothing waits for it.
    if (viewer.settings.hanging !== single) void this.prepare();
  }

  /** The study is there: lays it out, or opens the series that the address names. */
  async begin(): Promise<void> {
    const { settings, data } = this.viewer;
    const wanted = data.series.find(({ uid }) => uid === settings.seriesUid);
    const first = wanted ?? data.series.find(holdsImages);
    const isOne = settings.hanging === single || (settings.hanging === undefined && (wanted ?? isSmall()));
    if (isOne) {
      if (first) await this.viewer.open(this.viewer.grid.active, first.uid);
      return;
    }
    await Promise.race([this.prepare().then(() => this.gather()), pause(patienceMs)]);
    const asked = this.all().find(({ id }) => id === settings.hanging);
    const protocol = asked ?? (this.preferences.automatic ? this.best() : undefined);
    if (protocol) await this.hang(protocol);
    else if (first) await this.viewer.open(this.viewer.grid.active, first.uid);
    if (protocol && wanted) await this.goTo(wanted.uid);
  }

  best(): HangingProtocol | undefined {
    return this.own() ?? rank(this.protocols, this.hanger.studies)[0]?.protocol;
  }

  async hang(protocol: HangingProtocol | undefined, index = 0): Promise<void> {
    const stage = protocol?.stages[index];
    if (!protocol || !stage) return;
    this.shown = protocol;
    this.stage = index;
    rememberHanging(protocol.id);
    if (await this.hanger.apply(stage)) {
      this.viewer.page.status.announce(`${protocol.name}: ${stage.name}`);
    }
    this.viewer.refresh();
  }

  async step(delta: 1 | -1): Promise<void> {
    await this.prepare();
    await this.gather();
    const protocol = this.shown ?? this.best();
    const next = this.stage + (this.shown ? delta : 0);
    if (protocol?.stages[next]) await this.hang(protocol, next);
  }

  /** Without the rules, studies open as one series. */
  private prepare(): Promise<void> {
    this.ready ??= this.load();
    return this.ready;
  }

  private async load(): Promise<void> {
    try {
      this.protocols = await this.client.protocols();
    } catch (error) {
      this.viewer.noteSession(error);
      this.ready = undefined;
    }
  }

  /** The prior to compare with, and what the headers of films say: both decide between protocols. */
  private async gather(): Promise<void> {
    const { priors } = this.viewer;
    try {
      const prior = await priors.toCompare();
      this.hanger.prior ??= prior && (await priors.open(prior));
    } catch (error) {
      this.viewer.noteSession(error);
    }
    const films = (this.viewer.data.current?.series ?? []).filter(
      ({ modality, instanceCount = 0 }) => isProjection(modality) && instanceCount <= mostFilms,
    );
    await this.hanger.read(films.map(({ uid }) => uid));
  }

  private async goTo(seriesUid: string): Promise<void> {
    const { grid } = this.viewer;
    const pane = grid.panes.find((one) => one.seriesUid === seriesUid);
    if (pane) grid.activate(pane);
    else await this.viewer.open(grid.active, seriesUid);
  }

  private get kind(): string {
    const [current] = this.hanger.studies;
    return current ? kindOf(current) : '';
  }

  private own(): HangingProtocol | undefined {
    return ownProtocol(this.preferences.own, this.kind, this.protocols);
  }

  private all(): HangingProtocol[] {
    const own = this.own();
    return own ? [own, ...this.protocols] : [...this.protocols];
  }

  private open(): void {
    this.fillMenu();
    void this.prepare()
      .then(() => this.gather())
      .then(() => this.fillMenu());
  }

  private fillMenu(): void {
    const ranked = rank(this.protocols, this.hanger.studies).map(({ protocol }) => protocol);
    const own = this.own();
    const fitting = own ? [own, ...ranked] : ranked;
    const others = this.protocols.filter((protocol) => !fitting.includes(protocol));
    const close = (run: () => Promise<void>): void => {
      this.menu.close();
      void run();
    };
    const content = hangingMenu(
      {
        protocols: [...fitting, ...others].map((protocol) => ({
          id: protocol.id,
          name: protocol.name,
          isShown: protocol.id === this.shown?.id,
          fits: fitting.includes(protocol),
        })),
        stages: (this.shown?.stages ?? []).map(({ name }, index) => ({
          name,
          isShown: index === this.stage,
        })),
        kind: kindLabel(this.kind),
        hasOwn: own !== undefined,
        isAutomatic: this.preferences.automatic,
      },
      {
        choose: (id) => close(() => this.hang(this.all().find((protocol) => protocol.id === id))),
        stage: (index) => close(() => this.hang(this.shown, index)),
        keep: () => close(() => this.keep()),
        forget: () => close(() => this.forget()),
        setAutomatic: (automatic) => void this.save({ ...this.preferences, automatic }),
      },
    );
    this.menu.panel.replaceChildren(content);
  }

  /** Keeps what is on the screen for studies of this kind. */
  private async keep(): Promise<void> {
    const { grid } = this.viewer;
    const base =
      this.shown && this.shown.id !== ownId
        ? this.shown.id
        : (this.preferences.own[this.kind]?.base ?? single);
    const layout = learn(
      grid.rows,
      grid.columns,
      grid.panes.map((pane) => this.shownIn(pane)),
      base,
    );
    if (!layout) return;
    const isKept = await this.save({
      ...this.preferences,
      own: { ...this.preferences.own, [this.kind]: layout },
    });
    this.shown = isKept ? this.own() : this.shown;
    this.stage = 0;
  }

  /** Takes the own layout back: the protocol that fits best is shown again. */
  private async forget(): Promise<void> {
    const own = Object.fromEntries(
      Object.entries(this.preferences.own).filter(([kind]) => kind !== this.kind),
    );
    if (await this.save({ ...this.preferences, own })) await this.hang(this.best());
  }

  private async save(preferences: HangingPreferences): Promise<boolean> {
    const { status } = this.viewer.page;
    try {
      await this.client.keep(preferences);
      this.preferences = preferences;
      status.showHint('Your hanging protocols are kept');
      return true;
    } catch (error) {
      this.viewer.noteSession(error);
      status.showHint(`Your hanging protocols could not be kept. ${reasonFor(error)}`);
      return false;
    }
  }

  private shownIn(pane: Pane): ShownNow | undefined {
    const { frame, window, windowIsDefault } = pane.view.current;
    const study = pane.seriesUid === undefined ? undefined : this.viewer.data.studyOf(pane.seriesUid);
    const series = study?.series.find(({ uid }) => uid === pane.seriesUid);
    if (!frame || !study || !series) return undefined;
    const isFilm = isProjection(series.modality);
    return {
      isPrior: study.isPrior,
      modality: series.modality,
      description: series.description,
      view: isFilm ? viewOf(frame) : undefined,
      laterality: isFilm ? lateralityOf(frame) : undefined,
      plane: planeName(frame),
      window: windowIsDefault ? undefined : window,
      sync: pane.syncGroup,
    };
  }
}

/** A phone has room for one image. */
function isSmall(): boolean {
  return matchMedia('(max-width: 40rem)').matches;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
