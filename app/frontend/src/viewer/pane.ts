/** One cell of the grid: a viewport with everything that stands around and over its image. */

import { Cine } from '../render/cine';
import type { Rendering } from '../render/engine';
import type { PrefetchProgress } from '../render/prefetch';
import { StackView } from '../render/stackView';
import type { ViewState } from '../render/viewState';
import { calibrationOf, scaleBar } from '../study/calibration';
import type { DisplaySet, ImageSet, OtherSet } from '../study/displaySets';
import { edgeLetters } from '../study/orientation';
import { cornersOf } from '../study/overlayText';
import { stepEvent } from '../tools/stepTool';
import { element } from '../ui/dom';
import { ImageSlider } from '../ui/imageSlider';
import { NoticePanel, type Notice } from '../ui/notice';
import { Overlays } from '../ui/overlays';
import { Stage } from '../ui/stage';
import { graphicsLost, imageFailed, noImage, seriesFailed, type WaysOn } from './notices';
import { SeriesReader } from './seriesReader';
import type { StudyData } from './studyData';

/** Part of the viewport's height that a scale bar may take. */
const scaleBarShare = 0.3;

export interface PaneEvents {
  opening(pane: Pane, seriesUid: string): void;
  opened(pane: Pane, seriesUid: string, sets: readonly DisplaySet[], shown: DisplaySet | undefined): void;
  changed(pane: Pane, state: ViewState): void;
  progressed(pane: Pane, seriesUid: string, progress: PrefetchProgress): void;
  /** Something could not be loaded. */
  failed(error: unknown): void;
  /** What stands in place of an image for a display set that is none. */
  content(pane: Pane, set: OtherSet): HTMLElement | undefined;
  waysOn(retry: () => void): WaysOn;
}

export class Pane {
  readonly element: HTMLElement;
  readonly view: StackView;
  readonly cine: Cine;
  readonly stage: Stage;
  /** Panes of one group move together; those without one make up a group too. */
  syncGroup: string | undefined;
  private readonly overlays = new Overlays();
  private readonly notice = new NoticePanel();
  private readonly slider: ImageSlider;
  private readonly reader: SeriesReader;
  private readonly other = element('div', { class: 'viewer-content', hidden: true });
  private seriesNotice: Notice | undefined;
  private set: DisplaySet | undefined;
  /** Whether the series itself could not be read. */
  private hasFailed = false;
  private isSuspended = false;

  constructor(
    readonly id: string,
    data: StudyData,
    private readonly rendering: Rendering,
    attached: (viewportId: string) => void,
    private readonly events: PaneEvents,
  ) {
    this.slider = new ImageSlider((index) => this.goTo(index));
    this.stage = new Stage(this.overlays.element);
    this.stage.append(this.other, this.notice.element, this.slider.element);
    this.stage.showRenderer(rendering.usesCpu ? 'cpu' : 'gpu');
    this.element = this.stage.element;
    this.reader = this.makeReader(data);
    this.view = this.makeView(attached);
    this.reader.use(this.view);
    this.cine = this.makeCine();
    this.canvasHost.addEventListener(stepEvent, (event) => this.step((event as CustomEvent<number>).detail));
  }

  /** Where the library draws. */
  get canvasHost(): HTMLDivElement {
    return this.stage.canvasHost;
  }

  /** Put a layer over the image in here. */
  get layers(): HTMLElement {
    return this.stage.viewport;
  }

  /** What the pane shows, once its metadata is there. */
  get shown(): DisplaySet | undefined {
    return this.set;
  }

  get images(): ImageSet | undefined {
    return this.set?.kind === 'images' ? this.set : undefined;
  }

  get seriesUid(): string | undefined {
    return this.reader.current;
  }

  get modality(): string {
    return this.images?.frames[0]?.modality ?? '';
  }

  set showsOverlays(visible: boolean) {
    this.overlays.visible = visible;
  }

  open(seriesUid: string, partId?: string): Promise<void> {
    return this.reader.open(seriesUid, partId);
  }

  /** Its images come before those of other panes. */
  favour(): void {
    this.reader.favour();
  }

  /** Opens the series before or after in the list. */
  stepSeries(delta: 1 | -1): void {
    this.reader.step(delta);
  }

  step(delta: number): void {
    this.cine.stop();
    this.view.step(delta);
  }

  goTo(index: number): void {
    this.cine.stop();
    this.view.goTo(index);
  }

  /** Asks again for what could not be loaded, now that the server answers. */
  resume(): void {
    if (this.hasFailed && this.seriesUid !== undefined) void this.open(this.seriesUid);
    else this.reader.resume();
  }

  /** The graphics card is gone: says so, and draws nothing until there is something to draw with. */
  suspend(): void {
    this.cine.stop();
    this.isSuspended = true;
    this.view.suspend();
  }

  revive(): void {
    this.isSuspended = false;
    this.stage.showRenderer(this.rendering.usesCpu ? 'cpu' : 'gpu');
    this.view.revive();
  }

  /** Shows nothing but the message. */
  empty(notice: Notice): void {
    this.cine.stop();
    this.reader.close();
    this.set = undefined;
    this.hasFailed = false;
    this.syncGroup = undefined;
    this.showContent(undefined);
    this.notify(notice);
  }

  /** A message in place of the image, until another series is opened. */
  notify(notice: Notice | undefined): void {
    this.seriesNotice = notice;
    this.show(this.view.current);
  }

  destroy(): void {
    this.cine.stop();
    this.reader.close();
    this.view.destroy();
    this.element.remove();
  }

  private makeReader(data: StudyData): SeriesReader {
    return new SeriesReader(data, this.rendering, {
      opening: (seriesUid) => {
        this.cine.stop();
        this.set = undefined;
        this.hasFailed = false;
        this.showContent(undefined);
        this.notify(undefined);
        this.events.opening(this, seriesUid);
      },
      opened: (seriesUid, sets, shown) => this.opened(seriesUid, sets, shown),
      failed: (seriesUid, error) => {
        this.hasFailed = true;
        this.events.failed(error);
        this.notify(
          seriesFailed(
            error,
            this.events.waysOn(() => void this.open(seriesUid)),
          ),
        );
      },
      troubled: (error) => this.events.failed(error),
      progressed: (seriesUid, progress) => {
        this.stage.showLoaded(progress.loaded);
        this.events.progressed(this, seriesUid, progress);
      },
    });
  }

  private makeView(attached: (viewportId: string) => void): StackView {
    const view = new StackView(this.id, this.canvasHost, this.rendering, {
      changed: (state) => {
        this.show(state);
        this.events.changed(this, state);
      },
      moved: (index, direction) => this.reader.moved(index, direction),
      settled: (imageId, error) => {
        if (error !== undefined) this.events.failed(error);
        this.reader.settled(imageId, error);
      },
      attached,
    });
    return view;
  }

  private makeCine(): Cine {
    const { view } = this;
    return new Cine(
      {
        count: () => view.current.count,
        index: () => view.current.target,
        isLoaded: (index) => view.isLoaded(index),
        goTo: (index) => view.goTo(index),
      },
      () => this.events.changed(this, view.current),
    );
  }

  private opened(seriesUid: string, sets: readonly DisplaySet[], shown: DisplaySet | undefined): void {
    this.set = shown;
    if (shown?.kind !== 'images') this.showOther(shown);
    this.events.opened(this, seriesUid, sets, shown);
  }

  private showOther(set: OtherSet | undefined): void {
    const content = set && this.events.content(this, set);
    this.showContent(content);
    if (!content) this.notify(noImage(set?.message ?? 'This series holds nothing that can be shown.'));
  }

  private showContent(content: HTMLElement | undefined): void {
    this.other.hidden = content === undefined;
    this.other.replaceChildren(...(content ? [content] : []));
  }

  private show(state: ViewState): void {
    const { frame, error, target } = state;
    this.stage.show(state);
    this.slider.show(target, state.count);
    const retry = this.events.waysOn(() => this.view.retry());
    const standing = this.isSuspended && this.images ? graphicsLost : this.seriesNotice;
    this.notice.show(error ? imageFailed(target, error, retry) : standing);
    this.overlays.show({
      corners: frame && cornersOf(frame, { ...state, index: state.index ?? 0 }),
      letters: frame && edgeLetters(frame, state.right, state.down),
      scale: frame && this.scaleFor(state),
    });
  }

  private scaleFor({ frame, millimetresPerPixel }: ViewState): ReturnType<typeof scaleBar> {
    const calibration = frame && calibrationOf(frame);
    if (!calibration || millimetresPerPixel === undefined) return undefined;
    return scaleBar(millimetresPerPixel, this.canvasHost.clientWidth * scaleBarShare, calibration.source);
  }
}
