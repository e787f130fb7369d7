/** Key images: marked with a star, listed beside the images, kept as a key object selection (PS3.3 A.35.4). */

import type { Frame } from '../../study/frame';
import { isSamePlace, type ImagePlace, type KeyObjectSelection } from '../../study/keyObjects';
import { element, setAttribute } from '../../ui/dom';
import { field, FormDialog } from '../../ui/formDialog';
import { icon } from '../../ui/icons';
import { KeyImagePanel, type KeyImageRow } from '../../ui/keyImagePanel';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';
import { goToImage } from '../goToImage';
import { KeyImagesClient, type KeyImage, type SelectionTitle } from '../keyImagesClient';
import type { Pane } from '../pane';
import { printKeyImages } from '../printing';
import { troubleOf } from '../ownRequests';

const panelId = 'key-images';
/** Longest side of the small pictures, in pixels of a dense screen. */
const smallSide = 112;

export function keyImages(viewer: Viewer): Feature {
  const desk = new KeyImageDesk(viewer);
  return {
    imageShown: () => void desk.load(),
    recovered: () => void desk.load(),
    paneMade: (pane) => desk.add(pane),
    paneGone: (pane) => desk.remove(pane),
    activated: () => desk.list(),
    changed: (pane, { frame }) => desk.changed(pane, frame),
    commands: desk.commands(),
  };
}

class KeyImageDesk {
  private readonly client: KeyImagesClient;
  private readonly panel: KeyImagePanel;
  private readonly saving = new SelectionDialog();
  private readonly stars = new Map<Pane, HTMLElement>();
  private readonly frames = new Map<Pane, Frame | undefined>();
  private readonly places = new Map<string, ImagePlace>();
  private marked: readonly KeyImage[] = [];
  private titles: readonly SelectionTitle[] = [];
  /** Instance Numbers of images that selections name. */
  private readonly numbers = new Map<string, number>();
  private selections: readonly KeyObjectSelection[] = [];

  constructor(private readonly viewer: Viewer) {
    const { client, settings, page } = viewer;
    this.client = new KeyImagesClient(client, settings, viewer.requests);
    this.panel = new KeyImagePanel({
      goTo: (key) => void this.goTo(key),
      remove: (key) => void this.unmark(this.places.get(key)),
      keep: () => this.keep(),
      print: () => void printKeyImages(viewer, this.marked),
    });
    viewer.offers.keyImages = () => this.marked;
    page.side.add({ id: panelId, label: 'Key images', icon: 'star', element: this.panel.element });
    page.addDialog(this.saving.element);
    setAttribute(this.panel.element, 'aria-busy', 'true');
    this.list();
  }

  add(pane: Pane): void {
    const star = element('div', {
      class: 'viewer-star',
      role: 'img',
      'aria-label': 'Key image',
      hidden: true,
    });
    star.append(icon('star', 18));
    pane.layers.append(star);
    this.stars.set(pane, star);
  }

  remove(pane: Pane): void {
    this.stars.delete(pane);
    this.frames.delete(pane);
  }

  changed(pane: Pane, frame: Frame | undefined): void {
    if (this.frames.get(pane) === frame) return;
    this.frames.set(pane, frame);
    const star = this.stars.get(pane);
    if (star) star.hidden = !this.isMarked(frame);
    if (pane === this.viewer.grid.active) this.list();
  }

  async load(): Promise<void> {
    try {
      const [{ keyImages: marked, titles }, selections] = await Promise.all([
        this.client.list(),
        this.client.selections(),
      ]);
      this.marked = marked;
      this.titles = titles;
      this.selections = selections;
    } catch (error) {
      this.viewer.noteSession(error);
    }
    setAttribute(this.panel.element, 'aria-busy', undefined);
    this.refresh();
  }

  list(): void {
    this.places.clear();
    const { mayAnnotate } = this.viewer.settings;
    this.panel.show({
      own: this.marked.map((one) => this.row(one, one)),
      selections: this.selections.map(({ title, description, author, when, images }) => ({
        title,
        detail: [description, author, when].filter(Boolean).join(' · '),
        rows: images.map((place) => this.row(place, undefined)),
      })),
      mayMark: mayAnnotate,
    });
    const received = this.selections.reduce((sum, { images }) => sum + images.length, 0);
    this.viewer.page.side.setCount(panelId, this.marked.length + received);
  }

  commands(): Command[] {
    const { settings, page } = this.viewer;
    return [
      {
        id: 'key-image',
        label: 'Key image',
        group: 'Presentation',
        keys: ['Shift+k'],
        run: () => void this.toggle(),
        button: {
          place: 'presentation',
          icon: 'star',
          label: () => (this.isMarked(this.frame) ? 'No key image any more' : 'Mark as key image'),
        },
        isPressed: () => this.isMarked(this.frame),
        isEnabled: () => settings.mayAnnotate && this.frame?.studyUid === settings.studyUid,
      },
      {
        id: 'key-image-list',
        label: 'List of key images',
        group: 'Presentation',
        keys: ['Shift+i'],
        run: () => {
          page.side.toggle(panelId);
          void this.number();
        },
        button: { place: 'panels', icon: 'keyImages' },
        isPressed: () => page.side.isOpen(panelId),
      },
    ];
  }

  /** Selections name images by UID; people know them by number. */
  private async number(): Promise<void> {
    const named = new Set(this.selections.flatMap(({ images }) => images.map(({ seriesUid }) => seriesUid)));
    const present = this.viewer.data.series.filter(({ uid }) => named.has(uid));
    const found = await Promise.allSettled(present.map(({ uid }) => this.viewer.data.displaySets(uid)));
    for (const each of found) {
      const sets = each.status === 'fulfilled' ? each.value : [];
      for (const { sopInstanceUid, instanceNumber } of sets.flatMap((set) =>
        set.kind === 'images' ? set.frames : [],
      )) {
        if (instanceNumber !== undefined) this.numbers.set(sopInstanceUid, instanceNumber);
      }
    }
    this.list();
  }

  private get frame(): Frame | undefined {
    return this.viewer.grid.active.view.current.frame;
  }

  private isMarked(frame: Frame | undefined): boolean {
    return frame !== undefined && this.marked.some((one) => isSamePlace(one, frame));
  }

  private row(place: ImagePlace, marked: KeyImage | undefined): KeyImageRow {
    const key = `${place.sopInstanceUid}/${place.frameNumber}${marked ? '' : `/${this.places.size}`}`;
    this.places.set(key, place);
    const { data, settings } = this.viewer;
    const series = data.series.find(({ uid }) => uid === place.seriesUid);
    const shown = this.viewer.grid.panes.length > 0 ? this.frame : undefined;
    const number = marked?.instanceNumber ?? this.numbers.get(place.sopInstanceUid);
    return {
      key,
      title: [series?.description ?? marked?.seriesDescription, number === undefined ? '' : `Image ${number}`]
        .filter(Boolean)
        .join(' · '),
      detail: [frameWords(place), marked ? `${marked.author} · ${dayOf(marked.markedAt)}` : '']
        .filter(Boolean)
        .join(' · '),
      picture: marked && `${marked.picture}?side=${smallSide}`,
      isShown: shown !== undefined && isSamePlace(place, shown),
      mayRemove: marked !== undefined && settings.mayAnnotate,
    };
  }

  private async toggle(): Promise<void> {
    const { frame } = this;
    if (!frame) return;
    if (this.isMarked(frame)) {
      await this.unmark(frame);
      return;
    }
    const { seriesUid, sopInstanceUid, frameNumber } = frame;
    const { window } = this.viewer.grid.active.view.current;
    await this.change(async () => {
      const marked = await this.client.mark({ seriesUid, sopInstanceUid, frameNumber }, window);
      this.marked = [...this.marked.filter((one) => !isSamePlace(one, marked)), marked];
    }, 'Marked as key image');
  }

  private async unmark(place: ImagePlace | undefined): Promise<void> {
    if (!place) return;
    await this.change(async () => {
      await this.client.unmark(place);
      this.marked = this.marked.filter((one) => !isSamePlace(one, place));
    }, 'No key image any more');
  }

  private async change(run: () => Promise<void>, done: string): Promise<void> {
    const { status } = this.viewer.page;
    try {
      await run();
      status.announce(done);
    } catch (error) {
      this.viewer.noteSession(error);
      status.showHint(`Key image not changed. ${troubleOf(error)}`);
      status.announce(troubleOf(error));
    }
    this.refresh();
  }

  private refresh(): void {
    for (const [pane, star] of this.stars) star.hidden = !this.isMarked(this.frames.get(pane));
    this.list();
    this.viewer.refresh();
  }

  private async goTo(key: string): Promise<void> {
    const place = this.places.get(key);
    if (place && !(await goToImage(this.viewer, place))) {
      this.viewer.page.status.showHint('This image is not in the study any more');
    }
  }

  private keep(): void {
    this.saving.ask(this.titles, async (title, description) => {
      try {
        const kept = await this.client.keep(title, description);
        if (kept) this.selections = [...this.selections, kept];
      } catch (error) {
        this.viewer.noteSession(error);
        return troubleOf(error);
      }
      this.viewer.page.status.announce('Key images saved as a selection');
      this.list();
      return undefined;
    });
  }
}

class SelectionDialog {
  private readonly title = element('select', { class: 'viewer-input viewer-select', required: true });
  private readonly description = element('textarea', { class: 'viewer-input', rows: 3, maxlength: 1000 });
  private readonly dialog = new FormDialog(
    'Save key images as a selection',
    'Save',
    field('Title', this.title),
    field('Description', this.description, 'Goes into the study and to whoever retrieves it.'),
  );

  get element(): HTMLDialogElement {
    return this.dialog.element;
  }

  ask(
    titles: readonly SelectionTitle[],
    keep: (title: string, description: string) => Promise<string | undefined>,
  ): void {
    const { value } = this.title;
    this.title.replaceChildren(
      ...titles.map(({ code, meaning }) =>
        element('option', { value: code, selected: code === value }, meaning),
      ),
    );
    this.dialog.open(() => keep(this.title.value, this.description.value.trim()));
  }
}

function frameWords({ frameNumber }: ImagePlace): string {
  return frameNumber > 1 ? `Frame ${frameNumber}` : '';
}

/** In the reader's own time: 2026-01-31 14:05. */
function dayOf(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
}
