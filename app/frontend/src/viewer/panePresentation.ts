/** What one pane shows over its image, and by which presentation state. */

import type { LookupTables } from '../render/lookupTables';
import type { ViewState } from '../render/viewState';
import type { Frame, Window } from '../study/frame';
import { overlayPlanesOf, type OverlayPlane } from '../study/overlayPlanes';
import { appliesTo, lookOf, type Look, type PresentationState } from '../study/presentationState';
import { shutterOf, type Shutter } from '../study/shutter';
import { PresentationLayer, type PlanePicture, type Scene } from '../ui/presentationLayer';
import type { OverlayBits } from './overlayBits';
import type { Pane } from './pane';

/** What the reader wants to see, in every pane. */
export interface Wishes {
  overlays: boolean;
  shutter: boolean;
  /** Groups that are switched off one by one. */
  hidden: ReadonlySet<number>;
}

/** Colours of the planes in their order: apart from each other, and from what is measured. */
export const planeColours = [
  'rgb(110, 231, 168)',
  'rgb(124, 199, 255)',
  'rgb(255, 159, 122)',
  'rgb(214, 160, 255)',
  'rgb(255, 238, 128)',
  'rgb(255, 130, 170)',
] as const;

export function planeColour(group: number): string {
  return planeColours[((group - 0x6000) / 2) % planeColours.length] ?? planeColours[0];
}

export class PanePresentation {
  readonly layer = new PresentationLayer();
  private state: PresentationState | undefined;
  private frame: Frame | undefined;
  private placed = '';

  constructor(
    private readonly pane: Pane,
    private readonly bits: OverlayBits,
    private readonly tables: LookupTables,
    private readonly wishes: Wishes,
  ) {
    pane.canvasHost.after(this.layer.element);
  }

  /** The state that the reader chose; undefined for the image as it is stored. */
  get active(): PresentationState | undefined {
    return this.state;
  }

  /** The image on display, where there is one. */
  get shown(): Frame | undefined {
    return this.frame;
  }

  get planes(): readonly OverlayPlane[] {
    return this.frame ? overlayPlanesOf(this.frame.instance) : [];
  }

  get shutter(): Shutter | undefined {
    return this.frame && (this.look?.shutter ?? (this.look ? undefined : shutterOf(this.frame.instance)));
  }

  choose(state: PresentationState | undefined): void {
    this.state = state;
    this.placed = '';
    if (state) this.place();
    else this.pane.view.reset();
    this.compose();
  }

  /** Another display set: what was chosen was for the images before. */
  opened(): void {
    this.state = undefined;
    this.placed = '';
    this.frame = undefined;
    this.layer.content = undefined;
  }

  changed({ frame, toScreen }: ViewState): void {
    if (frame !== this.frame) {
      this.frame = frame;
      this.layer.content = undefined;
      this.place();
      this.compose();
    }
    this.layer.follow(toScreen);
  }

  /** Draws anew what the wishes are about. */
  compose(): void {
    const { frame } = this;
    if (!frame) return;
    void this.sceneOf(frame).then((scene) => {
      // The reader may have gone on meanwhile.
      if (frame === this.frame) this.layer.content = scene;
    });
  }

  private get look(): Look | undefined {
    const { state, frame } = this;
    return state && frame && appliesTo(state, frame) ? lookOf(state, frame) : undefined;
  }

  /** Window, turn and size, where they are not those that were set for the image before. */
  private place(): void {
    const { look, frame } = this;
    if (!look || !frame) return;
    const { turn, area, window, darkIsHigh } = look;
    const wanted = JSON.stringify([turn, area, window, darkIsHigh]);
    if (wanted === this.placed) return;
    this.placed = wanted;
    const { view } = this.pane;
    if (window) void this.shade(window, frame);
    else view.resetWindow();
    if (frame.pixels.photometricInterpretation.startsWith('MONOCHROME'))
      view.setInverted(darkIsHigh !== frame.isNegative);
    view.present(turn, area);
  }

  /** A look-up table has to be fetched first. */
  private async shade(window: Window, frame: Frame): Promise<void> {
    if (window.table) await this.tables.load(window.table).catch(() => undefined);
    if (frame === this.frame) this.pane.view.setWindow(window);
  }

  private async sceneOf(frame: Frame): Promise<Scene> {
    const { look, wishes } = this;
    const { rows, columns } = frame.pixels;
    const planes = wishes.overlays ? await this.planePictures(frame, look) : [];
    const shutter = wishes.shutter ? this.shutter : undefined;
    return {
      size: { rows, columns },
      planes,
      layers: wishes.overlays ? (look?.layers ?? []) : [],
      shutter: shutter && { ...shutter, bitmap: await this.shutterBitmap(frame, shutter, look) },
    };
  }

  private async planePictures(frame: Frame, look: Look | undefined): Promise<PlanePicture[]> {
    const own = look?.planes.map(({ group }) => group) ?? [];
    const wanted = this.planes.filter(({ group }) => !this.wishes.hidden.has(group) && !own.includes(group));
    const activated = look ? wanted.filter(({ group }) => this.isActivated(group)) : wanted;
    const brought = look?.planes.filter(({ layer }) => layer !== undefined) ?? [];
    const found = await Promise.allSettled([
      ...activated.map((plane) =>
        this.bits.picture(plane, frame.sopInstanceUid, frame, planeColour(plane.group)),
      ),
      ...brought.map((plane) =>
        this.bits.picture(plane, this.state?.uid ?? '', frame, planeColour(plane.group)),
      ),
    ]);
    return found.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
  }

  /** A state shows the image's own planes only where it names a layer for them (PS3.3 C.11.7). */
  private isActivated(group: number): boolean {
    const tag = `${group.toString(16).toUpperCase()}1001`;
    return (this.state?.object[tag]?.Value?.length ?? 0) > 0;
  }

  private async shutterBitmap(
    frame: Frame,
    { bitmapGroup, colour }: Shutter,
    look: Look | undefined,
  ): Promise<PlanePicture | undefined> {
    if (bitmapGroup === undefined) return undefined;
    const brought = look?.planes.find(({ group }) => group === bitmapGroup);
    const plane = brought ?? this.planes.find(({ group }) => group === bitmapGroup);
    const owner = brought ? (this.state?.uid ?? '') : frame.sopInstanceUid;
    // What covers is opaque, whatever the plane is for.
    return plane && this.bits.picture({ ...plane, type: 'G' }, owner, frame, colour).catch(() => undefined);
  }
}
