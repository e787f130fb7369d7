/** The page around the images, made of its parts. */

import type { DisplaySet, ImageSet } from '../study/displaySets';
import type { OverlaySize } from '../study/preferences';
import { holdsImages, type SeriesSummary } from '../study/seriesList';
import { Banner } from '../ui/banner';
import { element, setAttribute } from '../ui/dom';
import { CommandPalette } from '../ui/commandPalette';
import { icon } from '../ui/icons';
import { SeriesStrip, type SeriesCard } from '../ui/seriesStrip';
import type { Command } from '../ui/shortcuts';
import { SidePanels } from '../ui/sidePanels';
import { StatusBar } from '../ui/statusBar';
import { TextDialog } from '../ui/textDialog';
import { Toolbar } from '../ui/toolbar';
import { TopBar, type WayBack } from '../ui/topBar';
import { seriesDragType } from './grid';

export interface LayoutEvents {
  chooseSeries: (seriesUid: string, partId?: string) => void;
  /** A panel beside the images was opened or closed. */
  panelChanged: () => void;
}

export class Layout {
  readonly status = new StatusBar();
  readonly toolbar = new Toolbar();
  readonly help = new CommandPalette();
  readonly textDialog = new TextDialog();
  private readonly dialogs = element('div', { class: 'viewer-dialogs' });
  readonly series: SeriesStrip;
  readonly side: SidePanels;
  readonly top: TopBar;
  readonly banner = new Banner();

  constructor(
    private readonly root: HTMLElement,
    back: WayBack,
    events: LayoutEvents,
  ) {
    this.top = new TopBar(back, this.helpButton());
    this.series = new SeriesStrip(events.chooseSeries, events.chooseSeries, seriesDragType);
    this.side = new SidePanels(events.panelChanged);
  }

  /** Puts the page together, around the place of the images. */
  build(stage: HTMLElement, commands: readonly Command[]): void {
    this.toolbar.use(commands);
    this.top.addTools(this.toolbar.page);
    this.root.classList.add('viewer');
    this.root.replaceChildren(
      this.top.element,
      this.toolbar.element,
      this.banner.element,
      this.series.element,
      this.toolbar.measuring,
      stage,
      this.side.element,
      this.toolbar.panels,
      this.status.element,
      this.dialogs,
    );
    this.addDialog(this.help.element);
    this.addDialog(this.textDialog.element);
  }

  /** May be called before the page is put together. */
  addDialog(dialog: HTMLDialogElement): void {
    this.dialogs.append(dialog);
  }

  /** Something that opens over the images, such as a menu. */
  addLayer(layer: HTMLElement): void {
    this.dialogs.append(layer);
  }

  showSeries(series: readonly SeriesSummary[], thumbnailUrl: (seriesUid: string) => string): void {
    this.series.show(cardsOf(series, thumbnailUrl));
  }

  /** What a series turned out to hold, once its metadata is there. */
  showParts(seriesUid: string, sets: readonly DisplaySet[]): void {
    const images = sets.filter((set): set is ImageSet => set.kind === 'images');
    this.series.setParts(
      seriesUid,
      sets.map((set, index) => ({ id: set.id, label: partLabel(set, index) })),
    );
    const frames = images.reduce((sum, set) => sum + set.frames.length, 0);
    if (images.some(({ isClip }) => isClip)) this.series.setCount(seriesUid, `${frames} frames`);
  }

  setOverlaySize(size: OverlaySize): void {
    setAttribute(this.root, 'data-overlay-size', size);
  }

  showRenderer(usesCpu: boolean): void {
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

export function cardsOf(
  series: readonly SeriesSummary[],
  thumbnailUrl: (seriesUid: string) => string,
): SeriesCard[] {
  return series.map((summary) => ({
    uid: summary.uid,
    title: titleOf(summary),
    subtitle: subtitleOf(summary),
    count: countOf(summary),
    thumbnailUrl: holdsImages(summary) ? thumbnailUrl(summary.uid) : undefined,
  }));
}

function partLabel(set: DisplaySet, index: number): string {
  if (set.kind === 'other') return set.label;
  return set.isClip ? `Clip ${index + 1} · ${set.frames.length}` : `Images · ${set.frames.length}`;
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
