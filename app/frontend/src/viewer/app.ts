/** The viewer put together: data, viewport, tools and the controls around them. */

import { DicomWebClient } from '../dicomweb/client';
import { SignedOutError } from '../dicomweb/errors';
import { transferSyntaxOf } from '../dicomweb/multipart';
import { Cine, cineRates } from '../render/cine';
import { startRendering, type Rendering } from '../render/engine';
import type { FrameSource } from '../render/frameRegistry';
import type { PrefetchProgress } from '../render/prefetch';
import { StackView } from '../render/stackView';
import type { ViewState } from '../render/viewState';
import type { SavedAnnotation } from '../study/annotation';
import { calibrationOf, scaleBar } from '../study/calibration';
import type { DisplaySet } from '../study/displaySets';
import { edgeLetters } from '../study/orientation';
import { cornersOf } from '../study/overlayText';
import { matchingPreset, presetsFor, type Preset } from '../study/presets';
import { holdsImages } from '../study/seriesList';
import { stepEvent } from '../tools/stepTool';
import { ToolBindings, type PrimaryTool } from '../tools/toolBindings';
import type { Notice } from '../ui/notice';
import { listenForKeys } from '../ui/shortcuts';
import { commandsFor, type Actions } from './commands';
import { Annotations } from './annotations';
import { AnnotationsClient } from './annotationsClient';
import { Layout } from './layout';
import { emptyStudy, imageFailed, noImage, seriesFailed, studyFailed, type WaysOn } from './notices';
import { SeriesReader } from './seriesReader';
import { readSettings, rememberSeries, signInLink, type ViewerSettings } from './settings';
import { StudyData } from './studyData';

/** Part of the viewport's height that a scale bar may take. */
const scaleBarShare = 0.3;

type Place = Pick<SavedAnnotation, 'seriesUid' | 'sopInstanceUid' | 'frameNumber'>;

export class ViewerApp implements Actions {
  private readonly settings: ViewerSettings;
  private readonly data: StudyData;
  private readonly rendering: Rendering;
  private readonly layout: Layout;
  private readonly view: StackView;
  private readonly reader: SeriesReader;
  private readonly tools: ToolBindings;
  private readonly annotations: Annotations;
  private readonly cine: Cine;
  private tool: PrimaryTool = matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window';
  private overlays = true;
  private measurements = true;
  private seriesNotice: Notice | undefined;

  constructor(root: HTMLElement) {
    this.settings = readSettings(root);
    const client = new DicomWebClient(this.settings.dicomWebRoot);
    this.data = new StudyData(client, this.settings.studyUid);
    this.rendering = startRendering(frameSource(client));
    const commands = commandsFor(this);
    this.layout = new Layout(root, this.settings.worklistUrl, commands, {
      chooseSeries: (seriesUid, partId) => void this.reader.open(seriesUid, partId),
      goTo: (index) => {
        this.cine.stop();
        this.view.goTo(index);
      },
      chooseRate: (framesPerSecond) => {
        this.cine.rate = framesPerSecond;
      },
      annotations: {
        goTo: (uid) => {
          this.annotations.goTo(uid);
        },
        remove: (uid) => {
          this.annotations.remove(uid);
        },
      },
    });
    this.reader = this.makeReader();
    this.view = this.makeView();
    this.reader.use(this.view);
    this.tools = new ToolBindings(this.rendering.engine.id, {
      frameOf: (imageId) => this.rendering.registry.frame(imageId),
      askText: (present) => this.layout.textDialog.ask(present),
    });
    this.annotations = this.makeAnnotations();
    this.cine = this.makeCine();
    listenForKeys(commands, () => this.layout.help.singleKeys);
    this.choose(this.tool);
    this.layout.showRenderer(this.rendering.usesCpu);
    if (this.settings.sendUrl) this.layout.top.offerSending(this.settings.sendUrl);
    if (this.settings.doubts) this.layout.top.warn(this.settings.doubts, this.settings.flagsUrl);
  }

  async start(): Promise<void> {
    this.notify(undefined);
    try {
      this.layout.top.show(await this.data.load());
    } catch (error) {
      this.noteSession(error);
      this.notify(
        studyFailed(
          error,
          this.waysOn(() => void this.start()),
        ),
      );
      return;
    }
    const { series } = this.data;
    this.layout.showSeries(series, (uid) => this.data.thumbnailUrl(uid));
    const wanted = series.find(({ uid }) => uid === this.settings.seriesUid);
    const first = wanted ?? series.find(holdsImages) ?? series[0];
    void this.annotations.load();
    if (first) await this.reader.open(first.uid);
    else this.notify(emptyStudy(this.settings.worklistUrl));
  }

  step(delta: number): void {
    this.cine.stop();
    this.view.step(delta);
  }

  toEnd(end: 'first' | 'last'): void {
    this.cine.stop();
    this.view.goTo(end === 'first' ? 0 : this.view.current.count - 1);
  }

  stepSeries(delta: 1 | -1): void {
    this.reader.step(delta);
  }

  toggleCine(): void {
    if (this.cine.isPlaying) this.cine.stop();
    else this.cine.play();
  }

  choose(tool: PrimaryTool): void {
    this.tool = tool;
    this.tools.choose(tool);
    this.refresh();
  }

  preset(preset: Preset | undefined): void {
    if (preset === undefined) this.view.resetWindow();
    else if (presetsFor(this.modality).includes(preset)) this.view.setWindow(preset);
  }

  zoomBy(factor: number): void {
    this.view.zoomBy(factor);
  }

  rotate(quarters: 1 | -1): void {
    this.view.rotate(quarters);
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    this.view.flip(axis);
  }

  invert(): void {
    this.view.invert();
  }

  reset(): void {
    this.view.reset();
  }

  toggleOverlays(): void {
    this.overlays = !this.overlays;
    this.layout.overlays.visible = this.overlays;
    this.refresh();
  }

  toggleMeasurements(): void {
    this.measurements = this.annotations.toggleVisible();
    this.refresh();
  }

  listMeasurements(): void {
    this.layout.annotations.toggle();
    this.refresh();
  }

  removeSelected(): void {
    this.annotations.removeSelected();
  }

  undo(): void {
    this.annotations.undo();
  }

  help(): void {
    this.layout.help.open();
  }

  private get modality(): string {
    return this.reader.imageSet?.frames[0]?.modality ?? '';
  }

  private makeReader(): SeriesReader {
    return new SeriesReader(this.data, this.rendering, {
      opening: (seriesUid) => {
        this.cine.stop();
        this.notify(undefined);
        this.layout.series.markCurrent(seriesUid);
        rememberSeries(seriesUid);
      },
      opened: (seriesUid, sets, shown) => {
        this.opened(seriesUid, sets, shown);
      },
      failed: (seriesUid, error) => {
        this.noteSession(error);
        this.notify(
          seriesFailed(
            error,
            this.waysOn(() => void this.reader.open(seriesUid)),
          ),
        );
      },
      progressed: (seriesUid, progress) => {
        this.showProgress(seriesUid, progress);
      },
    });
  }

  private makeView(): StackView {
    const host = this.layout.stage.canvasHost;
    host.addEventListener(stepEvent, (event) => {
      this.step((event as CustomEvent<number>).detail);
    });
    const view = new StackView(host, this.rendering, {
      changed: (state) => {
        this.show(state);
      },
      moved: (index, direction) => {
        this.reader.moved(index, direction);
      },
      settled: (imageId, error) => {
        this.noteSession(error);
        this.reader.settled(imageId, error);
      },
      attached: (viewportId) => {
        this.tools.attach(viewportId);
      },
    });
    addEventListener('online', () => {
      if (view.current.phase === 'error') view.retry();
    });
    return view;
  }

  private makeAnnotations(): Annotations {
    const { annotationsUrl, csrfToken, mayAnnotate, studyUid } = this.settings;
    const { canvasHost } = this.layout.stage;
    return new Annotations(
      this.rendering,
      canvasHost,
      new AnnotationsClient(annotationsUrl, csrfToken),
      this.layout.annotations,
      {
        savingChanged: (text, isUrgent) => {
          this.layout.status.showHint(text);
          if (isUrgent) this.layout.status.announce(text);
        },
        signedOut: (error) => {
          this.noteSession(error);
        },
        goTo: (place) => void this.goToPlace(place),
      },
      { mayAnnotate, storageKey: `noctis.annotations.${studyUid}` },
    );
  }

  private async goToPlace({ seriesUid, sopInstanceUid, frameNumber }: Place): Promise<void> {
    this.cine.stop();
    if (seriesUid !== this.reader.current) await this.reader.open(seriesUid);
    const frames = this.reader.imageSet?.frames ?? [];
    const index = frames.findIndex(
      (frame) => frame.sopInstanceUid === sopInstanceUid && frame.frameNumber === frameNumber,
    );
    if (index >= 0) this.view.goTo(index);
  }

  private makeCine(): Cine {
    const { view } = this;
    return new Cine(
      {
        count: () => view.current.count,
        index: () => view.current.target,
        isLoaded: (index) => view.isLoaded(index),
        goTo: (index) => {
          view.goTo(index);
        },
      },
      () => {
        this.refresh();
      },
    );
  }

  private opened(seriesUid: string, sets: readonly DisplaySet[], shown: DisplaySet | undefined): void {
    this.layout.showParts(seriesUid, sets, shown?.id);
    this.annotations.opened(shown?.kind === 'images' ? shown : undefined);
    if (shown?.kind === 'images') {
      this.cine.rate = shown.frameRate ?? cineRates.usual;
      this.layout.status.announce(`${this.modality} series, ${shown.frames.length} images`);
    } else {
      this.notify(noImage(shown?.message ?? 'This series holds nothing that can be shown.'));
    }
  }

  private showProgress(seriesUid: string, { loaded, failed, total }: PrefetchProgress): void {
    const failures = failed > 0 ? `, ${failed} failed` : '';
    this.layout.series.setProgress(seriesUid, loaded, total);
    this.layout.status.showLoading(`${loaded} of ${total} images loaded${failures}`);
    this.layout.stage.showLoaded(loaded);
  }

  private noteSession(error: unknown): void {
    if (error instanceof SignedOutError) this.layout.showSignedOut(signInLink(this.settings.signInUrl));
  }

  private waysOn(retry: () => void): WaysOn {
    const { signInUrl, worklistUrl } = this.settings;
    return { retry, signIn: signInLink(signInUrl), worklist: worklistUrl };
  }

  private notify(notice: Notice | undefined): void {
    this.seriesNotice = notice;
    this.layout.notice.show(notice);
  }

  private refresh(): void {
    // Controls are built before the viewport exists.
    this.show(this.view.current);
  }

  private show(state: ViewState): void {
    const { frame, window, error, target } = state;
    this.layout.stage.show(state);
    this.layout.slider.show(target, state.count);
    this.layout.notice.show(
      error
        ? imageFailed(
            target,
            error,
            this.waysOn(() => {
              this.view.retry();
            }),
          )
        : this.seriesNotice,
    );
    const presets = presetsFor(this.modality);
    this.layout.toolbar.show({
      tool: this.tool,
      presets,
      preset: state.windowIsDefault ? 'default' : matchingPreset(presets, window)?.id,
      hasImages: state.count > 0,
      inverted: state.inverted,
      overlays: this.overlays,
      mayMeasure: this.settings.mayAnnotate,
      measurements: this.measurements,
      listsMeasurements: this.layout.annotations.isOpen,
      canPlay: state.count > 1,
      isPlaying: this.cine.isPlaying,
      rate: this.cine.rate,
    });
    this.layout.overlays.show({
      corners: frame && cornersOf(frame, { ...state, index: state.index ?? 0 }),
      letters: frame && edgeLetters(frame, state.right, state.down),
      scale: frame && this.scaleFor(state),
    });
  }

  private scaleFor({ frame, millimetresPerPixel }: ViewState): ReturnType<typeof scaleBar> {
    const calibration = frame && calibrationOf(frame);
    if (!calibration || millimetresPerPixel === undefined) return undefined;
    const room = this.layout.stage.canvasHost.clientWidth * scaleBarShare;
    return scaleBar(millimetresPerPixel, room, calibration.source);
  }
}

function frameSource(client: DicomWebClient): FrameSource {
  return {
    url: (frame) => client.frameUrl(frame.studyUid, frame.seriesUid, frame.sopInstanceUid, frame.frameNumber),
    load: async (url, signal) => {
      const { bytes, contentType } = await client.frame(url, signal);
      return { bytes, transferSyntax: transferSyntaxOf(contentType) };
    },
    bulkData: (url, signal) => client.bulkData(url, signal),
  };
}
