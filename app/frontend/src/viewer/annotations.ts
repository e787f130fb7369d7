/** Annotations in the viewer: drawn on the images, listed beside them, kept on the server. */

import { SignedOutError } from '../dicomweb/errors';
import type { Rendering } from '../render/engine';
import { toolLabels, type Annotation, type SavedAnnotation } from '../study/annotation';
import type { Frame } from '../study/frame';
import { calibrationNote, quantityText } from '../study/measurement';
import { AnnotationLayer } from '../tools/annotationLayer';
import type { AnnotationPanel, AnnotationRow } from '../ui/annotationPanel';
import { AnnotationKeeper, type SavingState } from './annotationKeeper';
import type { AnnotationsClient } from './annotationsClient';

export interface AnnotationsEvents {
  /** Something was added, removed or put back. */
  listed(): void;
  savingChanged(text: string, isUrgent: boolean): void;
  signedOut(error: SignedOutError): void;
  goTo(annotation: Pick<SavedAnnotation, 'seriesUid' | 'sopInstanceUid' | 'frameNumber'>): void;
}

const urgentStates: ReadonlySet<SavingState> = new Set(['waiting', 'signedOut', 'gone']);
const unsafeText =
  'Measurements not saved yet, and this browser’s storage is full: keep this tab open until they are';
const stateTexts: Record<SavingState, string> = {
  saved: 'Measurements saved',
  saving: 'Saving measurements …',
  waiting: 'Measurements not saved yet: the server cannot be reached, trying again',
  signedOut: 'Measurements not saved: sign in again, they are kept in this tab',
  gone: 'Measurements not saved: the archive does not have their images any more; they are kept in this tab',
};

export class Annotations {
  private readonly layer: AnnotationLayer;
  private readonly keeper: AnnotationKeeper;
  private readonly saved = new Map<string, SavedAnnotation>();
  private readonly drawn = new Set<string>();
  /** Left over from a former page: newer than what the server says. */
  private readonly unsent = new Set<string>();
  private readonly loading = new Set<string>();
  private visible = true;

  constructor(
    private readonly rendering: Rendering,
    hosts: () => readonly HTMLDivElement[],
    private readonly client: AnnotationsClient,
    private readonly panel: AnnotationPanel,
    private readonly events: AnnotationsEvents,
    private readonly options: {
      mayAnnotate: boolean;
      storageKey: string;
      /** The images that are on display now. */
      frames: () => readonly Frame[];
    },
  ) {
    this.layer = new AnnotationLayer(rendering.registry, hosts, {
      changed: (uid) => {
        this.drawn.add(uid);
        this.keeper.changed(uid);
        this.list();
      },
      removed: (uid) => {
        this.drawn.delete(uid);
        this.keeper.removed(uid);
        this.list();
      },
      refreshed: () => {
        this.list();
      },
    });
    this.keeper = this.makeKeeper();
    addEventListener('beforeunload', (event) => {
      if (!this.keeper.isSaved) event.preventDefault();
    });
  }

  /** Reads what is kept of a study, once. */
  async load(studyUid: string): Promise<void> {
    if (this.loading.has(studyUid)) return;
    this.loading.add(studyUid);
    try {
      const annotations = await this.client.list(studyUid);
      this.keeper.adopt(annotations);
      for (const annotation of annotations) {
        if (!this.unsent.has(annotation.uid)) this.saved.set(annotation.uid, annotation);
      }
    } catch (error) {
      this.loading.delete(studyUid);
      if (error instanceof SignedOutError) this.events.signedOut(error);
      this.events.savingChanged('Earlier measurements could not be loaded: trying again', true);
    }
    this.restore();
    this.list();
  }

  /** Reads anew what is kept of a study, such as after an import. */
  async reload(studyUid: string): Promise<void> {
    this.loading.delete(studyUid);
    await this.load(studyUid);
  }

  /** Sends what is not saved yet; whether the server has all of it now. */
  saveAll(): Promise<boolean> {
    return this.keeper.sendNow();
  }

  /** Shows what a former page could not send, and sends it. */
  takeUp(): void {
    for (const { uid, annotation } of this.keeper.takeUp()) {
      this.unsent.add(uid);
      this.replace(uid, annotation);
    }
  }

  /** The server can be reached again: sends what waits, and reads what could not be read. */
  recovered(studyUids: readonly string[]): void {
    this.keeper.flush();
    for (const studyUid of studyUids) void this.load(studyUid);
  }

  /** Other images are on display: puts what is kept for them onto them. */
  opened(): void {
    this.restore();
    this.list();
  }

  get count(): number {
    return new Set([...this.saved.keys(), ...this.drawn]).size;
  }

  removeSelected(): void {
    this.layer.remove(this.layer.selected.filter((uid) => this.mayChange(uid)));
  }

  remove(uid: string): void {
    this.layer.remove([uid]);
  }

  select(uid: string): void {
    this.layer.select(uid);
  }

  undo(): void {
    this.layer.undo();
  }

  get isVisible(): boolean {
    return this.visible;
  }

  toggleVisible(): void {
    this.visible = !this.visible;
    this.layer.show(this.visible);
  }

  /** Where an annotation lies; it is gone to before it is selected. */
  goTo(uid: string): void {
    const place = this.layer.read(uid) ?? this.saved.get(uid);
    if (!place) return;
    this.events.goTo(place);
    this.layer.select(uid);
  }

  private makeKeeper(): AnnotationKeeper {
    return new AnnotationKeeper(
      this.client,
      (uid) => this.layer.read(uid),
      {
        stateChanged: (state, isSafe) => {
          const isUrgent = urgentStates.has(state);
          this.events.savingChanged(isUrgent && !isSafe ? unsafeText : stateTexts[state], isUrgent);
          if (state === 'signedOut') this.events.signedOut(new SignedOutError());
        },
        saved: (annotation) => {
          this.unsent.delete(annotation.uid);
          this.saved.set(annotation.uid, annotation);
          this.list();
        },
        removed: (uid) => {
          this.unsent.delete(uid);
          this.saved.delete(uid);
          this.list();
        },
        refused: (uid) => {
          this.putBack(uid, 'Your change was not kept: this measurement is not yours to change');
        },
        unkept: () => {
          this.events.savingChanged('A measurement cannot be saved: it stays on the screen only', true);
        },
        overruled: (uid, current) => {
          this.overrule(uid, current);
        },
      },
      sessionStorage,
      this.options.storageKey,
    );
  }

  private overrule(uid: string, current: SavedAnnotation | undefined): void {
    if (current) this.saved.set(uid, current);
    else this.saved.delete(uid);
    const who = current ? `${current.author} changed it` : 'it was removed';
    this.putBack(uid, `Your change was not kept: ${who} meanwhile`);
  }

  /** Shows what the server has in place of what was drawn. */
  private putBack(uid: string, why: string): void {
    this.events.savingChanged(why, true);
    this.drawn.delete(uid);
    this.layer.discard(uid);
    this.restore();
    this.list();
  }

  /** Takes the place of what the server said. */
  private replace(uid: string, annotation: Annotation | undefined): void {
    if (!annotation) {
      this.saved.delete(uid);
      return;
    }
    const before = this.saved.get(uid);
    const fresh = {
      version: before?.version ?? 0,
      author: before?.author ?? '',
      origin: before?.origin ?? '',
      changedAt: '',
      mayChange: true,
    };
    this.saved.set(uid, { ...fresh, ...annotation });
  }

  private restore(): void {
    for (const frame of this.options.frames()) {
      for (const kept of this.saved.values()) {
        if (kept.sopInstanceUid === frame.sopInstanceUid && kept.frameNumber === frame.frameNumber) {
          this.layer.restore(kept, this.rendering.registry.register(frame), frame, !kept.mayChange);
        }
      }
    }
    if (!this.visible) this.layer.show(false);
    this.layer.redraw();
  }

  private mayChange(uid: string): boolean {
    return this.saved.get(uid)?.mayChange ?? this.options.mayAnnotate;
  }

  private list(): void {
    const uids = new Set([...this.saved.keys(), ...this.drawn]);
    const selected = this.layer.selected;
    this.panel.show([...uids].flatMap((uid) => this.row(uid, selected.includes(uid)) ?? []));
    this.events.listed();
  }

  /** What is selected in words, or everything where nothing is. */
  lines(): readonly string[] {
    const uids = [...new Set([...this.saved.keys(), ...this.drawn])];
    const selected = uids.filter((uid) => this.layer.selected.includes(uid));
    return (selected.length > 0 ? selected : uids).flatMap((uid) => {
      const row = this.row(uid, false);
      return row ? [`${row.title}: ${row.value || 'no value'} (${row.place})`] : [];
    });
  }

  private row(uid: string, isSelected: boolean): AnnotationRow | undefined {
    const kept = this.saved.get(uid);
    const present = this.layer.read(uid) ?? kept;
    if (!present) return undefined;
    const frame = this.frameOf(present.sopInstanceUid, present.frameNumber);
    const values = (present.quantities.length > 0 ? present.quantities : (kept?.quantities ?? []))
      .filter(({ name }) => name !== 'Perimeter')
      .map((quantity) => (quantity.name === 'Length' ? '' : `${quantity.name} `) + quantityText(quantity));
    return {
      uid,
      title: present.text || (toolLabels[present.tool] ?? present.tool),
      value: values.join(' · '),
      place: frame
        ? `Image ${frame.instanceNumber ?? frame.frameNumber} · ${calibrationNote(frame)}`
        : 'Another series',
      author: kept ? whoseWords(kept) : '',
      isSelected,
      mayRemove: this.mayChange(uid),
    };
  }

  private frameOf(sopInstanceUid: string, frameNumber: number): Frame | undefined {
    return this.options
      .frames()
      .find((frame) => frame.sopInstanceUid === sopInstanceUid && frame.frameNumber === frameNumber);
  }
}

/** Whose a measurement is; one that came with a report was drawn by somebody else. */
function whoseWords({ author, origin }: SavedAnnotation): string {
  return origin === '' || origin === author ? author : `${origin}, imported by ${author}`;
}
