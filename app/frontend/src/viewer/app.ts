/** The viewer put together: data, panes, the controls around them, and the features that work with all of it. */

import type { DicomWebClient } from '../dicomweb/client';
import { transferSyntaxOf } from '../dicomweb/multipart';
import { startRendering, type Rendering } from '../render/engine';
import { guardGraphics } from '../render/graphicsGuard';
import type { FrameSource } from '../render/frameRegistry';
import type { PrefetchProgress } from '../render/prefetch';
import type { ViewState } from '../render/viewState';
import type { DisplaySet, OtherSet } from '../study/displaySets';
import { holdsImages } from '../study/seriesList';
import { ToolBindings } from '../tools/toolBindings';
import type { EarlyFrames } from './early';
import { listenForKeys, requireOwnKeys, withOwnKeys, type Command } from '../ui/shortcuts';
import type { Feature, Offers, Viewer } from './feature';
import { guestMakers, makers } from './features';
import { FirstImage } from './firstImage';
import { Grid } from './grid';
import { Layout } from './layout';
import { emptyStudy, studyFailed, type WaysOn } from './notices';
import { OwnRequests } from './ownRequests';
import { PriorsClient } from './priors';
import { PriorStudies } from './priorStudies';
import { ownPreferences } from './ownPreferences';
import { Pane } from './pane';
import type { Preferences } from './preferences';
import { watchServer } from './serverBanner';
import type { ServerWatch } from './serverWatch';
import { rememberSeries, type ViewerSettings } from './settings';
import type { StudyData } from './studyData';

export class ViewerApp implements Viewer {
  readonly rendering: Rendering;
  readonly tools: ToolBindings;
  readonly grid: Grid;
  readonly page: Layout;
  readonly offers: Offers = {};
  readonly server: ServerWatch;
  readonly requests: OwnRequests;
  readonly priors: PriorStudies;
  readonly preferences: Preferences;
  commands: readonly Command[] = [];
  private readonly features: readonly Feature[];
  private readonly firstImage = new FirstImage(() => this.each((feature) => feature.imageShown?.()));
  private hasStudy = false;

  constructor(
    root: HTMLElement,
    readonly settings: ViewerSettings,
    readonly client: DicomWebClient,
    readonly data: StudyData,
    early: EarlyFrames,
  ) {
    this.requests = new OwnRequests({
      csrfToken: () => this.settings.csrfToken,
      renew: () => this.server.isReader(),
    });
    this.priors = new PriorStudies(new PriorsClient(this.settings.priorsUrl, this.requests), () => this.data);
    data.askBeforePriors((uid) => this.priors.mayShow(uid));
    this.rendering = startRendering(frameSource(client, early));
    this.preferences = ownPreferences(this.settings, this.requests, (error) => this.noteSession(error));
    this.page = new Layout(root, this.settings, {
      chooseSeries: (seriesUid, partId) => void this.open(this.grid.active, seriesUid, partId),
      panelChanged: () => this.refresh(),
    });
    this.server = watchServer(this.settings, this.page.banner, () => this.recovered());
    this.tools = new ToolBindings(this.rendering.engine.id, {
      frameOf: (imageId) => this.rendering.registry.frame(imageId),
      askText: (present) => this.page.textDialog.ask(present),
    });
    this.grid = this.makeGrid();
    this.features = (settings.isGuest ? guestMakers : makers).map((make) => make(this));
    const commands = this.features.flatMap((feature) => feature.commands ?? []);
    requireOwnKeys(commands);
    this.commands = withOwnKeys(commands, () => this.preferences.current.keys);
    this.page.build(this.grid.element, this.commands);
    this.grid.setLayout(1, 1);
    listenForKeys(this.commands, () => this.preferences.current.singleKeys);
    this.preferences.listen(() => this.refresh());
    this.page.showRenderer(this.rendering.usesCpu);
    guardGraphics(this.rendering, {
      lost: () => this.graphicsLost(),
      renewed: () => this.graphicsRenewed(),
    });
    if (this.settings.sendUrl) this.page.top.offerSending(this.settings.sendUrl);
    if (this.settings.correctionsUrl) this.page.top.offerCorrections(this.settings.correctionsUrl);
    if (this.settings.doubts) this.page.top.warn(this.settings.doubts, this.settings.flagsUrl);
  }

  async start(): Promise<void> {
    const pane = this.grid.active;
    pane.notify(undefined);
    try {
      this.page.top.show(await this.data.load());
    } catch (error) {
      this.noteSession(error);
      pane.notify(
        studyFailed(
          error,
          this.waysOn(() => void this.start()),
        ),
      );
      return;
    }
    this.hasStudy = true;
    const { series } = this.data;
    this.page.showSeries(series, (uid) => this.data.thumbnailUrl(uid));
    const first = this.data.firstSeries(this.settings.seriesUid);
    this.each((feature) => feature.loaded?.());
    this.firstImage.await();
    if (series.some(holdsImages) && this.features.some((feature) => feature.arrange?.())) return;
    if (first) await this.open(pane, first.uid);
    else {
      pane.notify(emptyStudy(this.settings));
      this.firstImage.end();
    }
  }

  open(pane: Pane, seriesUid: string, partId?: string): Promise<void> {
    return pane.open(seriesUid, partId);
  }

  noteSession(error: unknown): void {
    this.server.note(error);
  }

  turn(commandId: string, isOn: boolean): void {
    const command = this.commands.find(({ id }) => id === commandId);
    if (command?.isPressed && command.isPressed() !== isOn) command.run();
  }

  refresh(): void {
    // Panels may open while the page is being built.
    if (this.grid.panes.length > 0) this.page.toolbar.refresh();
  }

  private makeGrid(): Grid {
    return new Grid({
      make: (id) => this.makePane(id),
      made: (pane) => this.each((feature) => feature.paneMade?.(pane)),
      gone: (pane) => this.each((feature) => feature.paneGone?.(pane)),
      activated: (pane) => this.activated(pane),
      dropped: (pane, seriesUid) => {
        this.grid.activate(pane);
        void this.open(pane, seriesUid);
      },
    });
  }

  private makePane(id: string): Pane {
    return new Pane(id, this.data, this.rendering, (viewportId) => this.tools.attach(viewportId), {
      opening: (pane, seriesUid) => this.opening(pane, seriesUid),
      opened: (pane, seriesUid, sets, shown) => this.opened(pane, seriesUid, sets, shown),
      changed: (pane, state) => this.changed(pane, state),
      progressed: (pane, seriesUid, progress) => this.showProgress(pane, seriesUid, progress),
      failed: (error) => this.noteSession(error),
      content: (pane, set) => this.contentOf(pane, set),
      waysOn: (retry) => this.waysOn(retry),
    });
  }

  private activated(pane: Pane): void {
    const { seriesUid } = pane;
    pane.favour();
    if (seriesUid !== undefined) {
      this.page.series.markCurrent(seriesUid, pane.shown?.id);
      this.rememberSeries(seriesUid);
    }
    this.each((feature) => feature.activated?.(pane));
    this.refresh();
  }

  private opening(pane: Pane, seriesUid: string): void {
    this.each((feature) => feature.opened?.(pane, undefined));
    if (pane !== this.grid.active) return;
    this.page.series.markCurrent(seriesUid);
    this.rememberSeries(seriesUid);
  }

  private opened(
    pane: Pane,
    seriesUid: string,
    sets: readonly DisplaySet[],
    shown: DisplaySet | undefined,
  ): void {
    this.page.showParts(seriesUid, sets);
    this.each((feature) => feature.opened?.(pane, shown));
    if (shown?.kind !== 'images') this.firstImage.end();
    if (pane === this.grid.active) {
      this.page.series.markCurrent(seriesUid, shown?.id);
      if (shown?.kind === 'images') {
        this.page.status.announce(`${pane.modality} series, ${shown.frames.length} images`);
      }
    }
    this.refresh();
  }

  private changed(pane: Pane, state: ViewState): void {
    // The first state comes while the pane is being made.
    if (!this.grid.panes.includes(pane)) return;
    this.each((feature) => feature.changed?.(pane, state));
    this.firstImage.note(state);
    if (pane === this.grid.active) this.refresh();
  }

  private contentOf(pane: Pane, set: OtherSet): HTMLElement | undefined {
    for (const feature of this.features) {
      const content = feature.content?.(pane, set);
      if (content) return content;
    }
    return undefined;
  }

  private showProgress(pane: Pane, seriesUid: string, { loaded, failed, total }: PrefetchProgress): void {
    const failures = failed > 0 ? `, ${failed} failed` : '';
    this.page.series.setProgress(seriesUid, loaded, total);
    if (pane === this.grid.active) {
      this.page.status.showLoading(`${loaded} of ${total} images loaded${failures}`);
      this.page.status.showMemory(this.rendering.prefetch.memory);
    }
  }

  /** The address names a series of the study that the page is about. */
  private rememberSeries(seriesUid: string): void {
    if (!this.data.studyOf(seriesUid)?.isPrior) rememberSeries(seriesUid);
  }

  private graphicsLost(): void {
    this.each((feature) => feature.graphicsLost?.());
    for (const pane of this.grid.panes) pane.suspend();
  }

  private graphicsRenewed(): void {
    const { usesCpu } = this.rendering;
    this.page.showRenderer(usesCpu);
    this.page.status.announce(usesCpu ? 'Drawing without graphics acceleration' : 'The images are back');
    for (const pane of this.grid.panes) pane.revive();
    this.refresh();
  }

  private recovered(): void {
    if (!this.hasStudy) void this.start();
    for (const pane of this.grid.panes) pane.resume();
    this.each((feature) => feature.recovered?.());
  }

  private waysOn(retry: () => void): WaysOn {
    const { worklistUrl, worklistName } = this.settings;
    return { retry, worklistUrl, worklistName };
  }

  private each(call: (feature: Feature) => void): void {
    // Empty while the features themselves are being made.
    for (const feature of (this.features as readonly Feature[] | undefined) ?? []) call(feature);
  }
}

function frameSource(client: DicomWebClient, early: EarlyFrames): FrameSource {
  return {
    url: (frame) => client.frameUrl(frame.studyUid, frame.seriesUid, frame.sopInstanceUid, frame.frameNumber),
    load: async (url, decoded, signal) => {
      const ahead = decoded ? undefined : early.take(url);
      const { bytes, contentType } = await (ahead ?? client.frame(url, signal, decoded));
      return { bytes, transferSyntax: transferSyntaxOf(contentType) };
    },
    bulkData: (url, signal) => client.bulkData(url, signal),
  };
}
