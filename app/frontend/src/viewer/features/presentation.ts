/** Presentations: overlays and shutters over the image, presentation states applied and saved (PS3.3 A.33). */

import type { Annotation } from '../../study/annotation';
import type { PresentationState } from '../../study/presentationState';
import { appliesTo } from '../../study/presentationState';
import { alike, savedPresentation } from '../../study/savedPresentation';
import { element } from '../../ui/dom';
import { field, FormDialog } from '../../ui/formDialog';
import { Menu } from '../../ui/menu';
import { PresentationMenu } from '../../ui/presentationMenu';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';
import { OverlayBits } from '../overlayBits';
import type { Pane } from '../pane';
import { PanePresentation, planeColour } from '../panePresentation';
import { PresentationsClient } from '../presentationsClient';
import { troubleOf } from '../ownRequests';
import { annotationsUrl } from '../settings';

export function presentation(viewer: Viewer): Feature {
  const desk = new PresentationDesk(viewer);
  return {
    paneMade: (pane) => desk.add(pane),
    paneGone: (pane) => desk.remove(pane),
    activated: () => desk.showMenu(),
    recovered: () => desk.retry(),
    opened: (pane) => desk.of(pane)?.opened(),
    changed: (pane, state) => desk.changed(pane, () => desk.of(pane)?.changed(state)),
    commands: desk.commands(),
  };
}

class PresentationDesk {
  private readonly panes = new Map<Pane, PanePresentation>();
  private readonly bits: OverlayBits;
  private readonly client: PresentationsClient;
  private readonly wishes = { overlays: true, shutter: true, hidden: new Set<number>() };
  /** Studies whose states could not be had. */
  private readonly failed = new Set<string>();
  private readonly menu = new Menu('presentation', 'Presentation', 'presentation');
  private readonly contents: PresentationMenu;
  private readonly saving: SavingDialog;
  /** By study: a pane may show an earlier one. */
  private readonly states = new Map<string, readonly PresentationState[]>();

  constructor(private readonly viewer: Viewer) {
    const { client, settings, page } = viewer;
    this.bits = new OverlayBits(client);
    this.client = new PresentationsClient(client, settings, viewer.requests);
    this.contents = new PresentationMenu({
      choose: (uid) => this.choose(uid),
      togglePlane: (group) => this.togglePlane(group),
      save: () => this.save(),
    });
    this.menu.panel.append(this.contents.element);
    this.menu.panel.addEventListener('beforetoggle', () => this.showMenu());
    page.toolbar.add('presentation', this.menu.element);
    this.saving = new SavingDialog();
    page.addDialog(this.saving.element);
  }

  of(pane: Pane): PanePresentation | undefined {
    return this.panes.get(pane);
  }

  add(pane: Pane): void {
    this.panes.set(pane, new PanePresentation(pane, this.bits, this.viewer.rendering.tables, this.wishes));
  }

  remove(pane: Pane): void {
    this.panes.delete(pane);
  }

  changed(pane: Pane, apply: () => void): void {
    const before = this.of(pane)?.shown;
    apply();
    const frame = this.of(pane)?.shown;
    if (frame && !this.states.has(frame.studyUid)) void this.load(frame.studyUid);
    if (pane === this.viewer.grid.active && before !== frame) this.showMenu();
  }

  private async load(studyUid: string): Promise<void> {
    this.states.set(studyUid, []);
    try {
      this.states.set(studyUid, await this.client.list(studyUid));
    } catch (error) {
      this.failed.add(studyUid);
      this.viewer.noteSession(error);
    }
    this.showMenu();
  }

  /** The server answers again. */
  retry(): void {
    for (const studyUid of this.failed) void this.load(studyUid);
    this.failed.clear();
  }

  showMenu(): void {
    const { settings, grid } = this.viewer;
    const present = this.of(grid.active);
    const frame = present?.shown;
    const isGrey = frame?.pixels.photometricInterpretation.startsWith('MONOCHROME') ?? false;
    this.contents.show({
      choices: this.offered(present).map(
        ({ uid, label, description, creator, when, limits, isSupported }) => ({
          uid,
          label: description || label,
          detail: [description ? label : '', creator, when].filter(Boolean).join(' · '),
          limits,
          isSupported,
        }),
      ),
      chosen: present?.active?.uid,
      planes: (present?.planes ?? []).map(({ group, name }) => ({
        group,
        name,
        colour: planeColour(group),
        isShown: this.wishes.overlays && !this.wishes.hidden.has(group),
      })),
      maySave: settings.mayAnnotate,
      notSaved: isGrey ? undefined : 'Presentations are saved for grey images only',
    });
  }

  commands(): Command[] {
    const group = 'Presentation';
    const toggle = (wish: 'overlays' | 'shutter') => (): void => {
      this.wishes[wish] = !this.wishes[wish];
      this.compose();
    };
    const has = (what: (present: PanePresentation) => boolean) => (): boolean => {
      const present = this.of(this.viewer.grid.active);
      return present !== undefined && what(present);
    };
    return [
      {
        id: 'image-overlays',
        label: 'Show overlay graphics of the image',
        group,
        keys: ['Shift+o'],
        run: toggle('overlays'),
        button: { place: 'presentation', icon: 'overlayPlanes' },
        isPressed: () => this.wishes.overlays,
        isOffered: has(({ planes, active }) => planes.length > 0 || active !== undefined),
      },
      {
        id: 'shutter',
        label: 'Close the shutter of the image',
        group,
        keys: ['Shift+u'],
        run: toggle('shutter'),
        button: { place: 'presentation', icon: 'shutter' },
        isPressed: () => this.wishes.shutter,
        isOffered: has(({ shutter }) => shutter !== undefined),
      },
      {
        id: 'as-stored',
        label: 'Image as stored',
        group,
        keys: ['Shift+z'],
        run: () => this.choose(undefined),
      },
      {
        id: 'save-presentation',
        label: 'Save presentation',
        group,
        keys: ['Shift+y'],
        run: () => this.save(),
        isEnabled: () => this.viewer.settings.mayAnnotate,
      },
    ];
  }

  private offered(present: PanePresentation | undefined): readonly PresentationState[] {
    const frame = present?.shown;
    return (frame && this.states.get(frame.studyUid)?.filter((state) => appliesTo(state, frame))) ?? [];
  }

  private choose(uid: string | undefined): void {
    const present = this.of(this.viewer.grid.active);
    const state = this.offered(present).find((offered) => offered.uid === uid);
    present?.choose(state);
    this.menu.close();
    this.viewer.page.status.announce(state ? `Presentation ${state.label}` : 'Image as stored');
    this.showMenu();
    this.viewer.refresh();
  }

  private togglePlane(group: number): void {
    const { hidden } = this.wishes;
    this.wishes.overlays = true;
    if (!hidden.delete(group)) hidden.add(group);
    this.compose();
  }

  private compose(): void {
    for (const present of this.panes.values()) present.compose();
    this.showMenu();
    this.viewer.refresh();
  }

  private save(): void {
    const { grid } = this.viewer;
    const { frame } = grid.active.view.current;
    if (!frame?.pixels.photometricInterpretation.startsWith('MONOCHROME')) return;
    this.menu.close();
    this.saving.ask((wish) => this.keep(grid.active, wish));
  }

  private async annotationsOf(studyUid: string): Promise<readonly Annotation[]> {
    const found = await this.viewer.requests.json('GET', annotationsUrl(this.viewer.settings, studyUid));
    return (found as { annotations: readonly Annotation[] }).annotations;
  }

  /** Returns what hindered it. */
  private async keep(pane: Pane, { whole, ...words }: SavingWish): Promise<string | undefined> {
    const { page } = this.viewer;
    const { frame, toScreen, window, inverted } = pane.view.current;
    const present = this.of(pane);
    if (!frame || !toScreen || !present) return 'There is no image to save. Wait until it is shown.';
    const { clientWidth, clientHeight } = pane.canvasHost;
    const { overlays: withOverlays, shutter: withShutter } = this.wishes;
    const look = { frame, toScreen, window, inverted, withOverlays, withShutter };
    try {
      const annotations = await this.annotationsOf(frame.studyUid);
      const frames = whole ? alike(frame, pane.images?.frames ?? []) : [frame];
      const size = [clientWidth, clientHeight] as const;
      const body = savedPresentation(words, { ...look, size }, frames, annotations);
      const saved = await this.client.save(frame.studyUid, body);
      const known = this.states.get(frame.studyUid) ?? [];
      if (saved) this.states.set(frame.studyUid, [...known, saved]);
    } catch (error) {
      this.viewer.noteSession(error);
      return troubleOf(error);
    }
    page.status.showHint('Presentation saved');
    page.status.announce('Presentation saved');
    this.showMenu();
    return undefined;
  }
}

interface SavingWish {
  label: string;
  description: string;
  /** For all images of the series. */
  whole: boolean;
}

class SavingDialog {
  private readonly description = element('input', {
    type: 'text',
    class: 'viewer-input',
    maxlength: 64,
    required: true,
    autocomplete: 'off',
  });
  private readonly label = element('input', {
    type: 'text',
    class: 'viewer-input',
    maxlength: 16,
    pattern: '[A-Za-z0-9 _]+',
    required: true,
    value: 'PRESENTATION',
    autocomplete: 'off',
  });
  private readonly whole = element('input', { type: 'checkbox' });
  private readonly dialog = new FormDialog(
    'Save presentation',
    'Save',
    field('Description', this.description),
    field('Label', this.label, 'Letters A to Z, digits, spaces and _'),
    element('label', { class: 'viewer-plane' }, this.whole, 'For all images of the series'),
  );

  get element(): HTMLDialogElement {
    return this.dialog.element;
  }

  ask(keep: (wish: SavingWish) => Promise<string | undefined>): void {
    this.dialog.open(() =>
      keep({
        label: this.label.value.trim(),
        description: this.description.value.trim(),
        whole: this.whole.checked,
      }),
    );
  }
}
