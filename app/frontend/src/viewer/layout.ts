/** The page around the image, made of its parts. */

import type { DisplaySet, ImageSet } from '../study/displaySets';
import { holdsImages, type SeriesSummary } from '../study/seriesList';
import { cineRates } from '../render/cine';
import { AnnotationPanel, type AnnotationPanelEvents } from '../ui/annotationPanel';
import { element } from '../ui/dom';
import { HelpDialog } from '../ui/helpDialog';
import { icon } from '../ui/icons';
import { ImageSlider } from '../ui/imageSlider';
import { NoticePanel } from '../ui/notice';
import { Overlays } from '../ui/overlays';
import { SeriesStrip } from '../ui/seriesStrip';
import type { Command } from '../ui/shortcuts';
import { Stage } from '../ui/stage';
import { StatusBar } from '../ui/statusBar';
import { TextDialog } from '../ui/textDialog';
import { Toolbar } from '../ui/toolbar';
import { TopBar } from '../ui/topBar';

export interface LayoutEvents {
  chooseSeries: (seriesUid: string, partId?: string) => void;
  goTo: (index: number) => void;
  chooseRate: (framesPerSecond: number) => void;
  annotations: AnnotationPanelEvents;
}

export class Layout {
  readonly overlays = new Overlays();
  readonly notice = new NoticePanel();
  readonly status = new StatusBar();
  readonly stage: Stage;
  readonly slider: ImageSlider;
  readonly series: SeriesStrip;
  readonly toolbar: Toolbar;
  readonly top: TopBar;
  readonly help: HelpDialog;
  readonly textDialog = new TextDialog();
  readonly annotations: AnnotationPanel;
  private readonly session = element('div', { class: 'viewer-session', role: 'alert', hidden: true });

  constructor(root: HTMLElement, worklistUrl: string, commands: readonly Command[], events: LayoutEvents) {
    this.help = new HelpDialog(commands);
    this.top = new TopBar(worklistUrl, this.helpButton());
    this.toolbar = new Toolbar(commands, cineRates, events.chooseRate);
    this.series = new SeriesStrip(events.chooseSeries, events.chooseSeries);
    this.slider = new ImageSlider(events.goTo);
    this.annotations = new AnnotationPanel(events.annotations);
    this.stage = new Stage(this.overlays.element);
    this.stage.append(this.notice.element, this.slider.element);
    root.classList.add('viewer');
    root.replaceChildren(
      this.top.element,
      this.toolbar.element,
      this.session,
      this.series.element,
      this.toolbar.measuring,
      this.stage.element,
      this.annotations.element,
      this.status.element,
      this.help.element,
      this.textDialog.element,
    );
  }

  showSeries(series: readonly SeriesSummary[], thumbnailUrl: (seriesUid: string) => string): void {
    this.series.show(
      series.map((summary) => ({
        uid: summary.uid,
        title: titleOf(summary),
        subtitle: subtitleOf(summary),
        count: countOf(summary),
        thumbnailUrl: holdsImages(summary) ? thumbnailUrl(summary.uid) : undefined,
      })),
    );
  }

  /** What a series turned out to hold, once its metadata is there. */
  showParts(seriesUid: string, sets: readonly DisplaySet[], shownId: string | undefined): void {
    const images = sets.filter((set): set is ImageSet => set.kind === 'images');
    this.series.setParts(
      seriesUid,
      images.map(({ id, isClip, frames }, index) => ({
        id,
        label: isClip ? `Clip ${index + 1} · ${frames.length}` : `Images · ${frames.length}`,
      })),
    );
    const frames = images.reduce((sum, set) => sum + set.frames.length, 0);
    if (images.some(({ isClip }) => isClip)) this.series.setCount(seriesUid, `${frames} frames`);
    this.series.markCurrent(seriesUid, shownId);
  }

  showSignedOut(href: string): void {
    if (!this.session.hidden) return;
    this.session.hidden = false;
    this.session.replaceChildren(
      icon('warning', 16),
      element('span', {}, 'Signed out: ', element('a', { href }, 'sign in again')),
    );
  }

  showRenderer(usesCpu: boolean): void {
    this.stage.showRenderer(usesCpu ? 'cpu' : 'gpu');
    this.status.showRenderer(usesCpu ? 'Drawing without graphics acceleration' : '');
  }

  private helpButton(): HTMLButtonElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-help-button',
        'aria-label': 'Keyboard shortcuts',
        title: 'Keyboard shortcuts (?)',
      },
      icon('help'),
    );
    button.addEventListener('click', () => {
      this.help.open();
    });
    return button;
  }
}

function titleOf({ description, number, modality }: SeriesSummary): string {
  return (
    description ||
    [modality, number].filter((part) => part !== undefined && part !== '').join(' ') ||
    'Series'
  );
}

function subtitleOf({ modality, number }: SeriesSummary): string {
  return number === undefined ? modality : `${modality} ${number}`;
}

function countOf(summary: SeriesSummary): string {
  const { instanceCount } = summary;
  if (instanceCount === undefined) return '';
  const one = holdsImages(summary) ? 'image' : 'object';
  return `${instanceCount} ${one}${instanceCount === 1 ? '' : 's'}`;
}
