/** One viewport with one stack: the only way in which the rest of the viewer touches the library's viewport. */

import { cache, Enums, type Types } from '@cornerstonejs/core';
import { isAbort } from '../dicomweb/errors';
import type { Turn } from '../study/affine';
import type { ImageSet } from '../study/displaySets';
import type { Frame, Window } from '../study/frame';
import type { DisplayedArea } from '../study/presentationState';
import type { Vector } from '../study/vector';
import type { Rendering } from './engine';
import { placeOf } from './geometry';
import { presentImage } from './placement';
import { isSameSize, sizeOf, type Size } from './resizing';
import { StackLook } from './stackLook';
import { flip, rotate } from './turning';
import { emptyState, type ViewState } from './viewState';

/** A new image is asked for at most this often while the reader races through what is not loaded yet. */
const loadIntervalMs = 60;
const zoomLimits = { least: 0.1, most: 40 };

export interface StackViewEvents {
  changed(state: ViewState): void;
  /** The reader asked for another image. */
  moved(index: number, direction: 1 | -1): void;
  /** An image that the reader waited for arrived, or will not. */
  settled(imageId: string, error: unknown): void;
  /** The library has a new viewport: tools have to be attached to it. */
  attached(viewportId: string): void;
}

export class StackView {
  private state: ViewState = emptyState;
  private set: ImageSet | undefined;
  private imageIds: string[] = [];
  private target = 0;
  private displayed: number | undefined;
  private error: Error | undefined;
  private readonly look: StackLook;
  private lastLoad = 0;
  private delayedLoad: ReturnType<typeof setTimeout> | undefined;
  private generation = 0;
  private isSuspended = false;
  /** How the image stood when the graphics were lost. */
  private kept: ViewState | undefined;
  /** The element's size that the library knows of. */
  private size: Size = [0, 0];

  constructor(
    readonly id: string,
    readonly element: HTMLDivElement,
    private readonly rendering: Rendering,
    private readonly events: StackViewEvents,
  ) {
    this.look = new StackLook(rendering);
    element.addEventListener(Enums.Events.IMAGE_RENDERED, () => {
      this.adoptWindow();
      this.publish();
    });
    element.addEventListener('contextmenu', (event) => {
      event.preventDefault();
    });
    rendering.resizing.observe(this);
  }

  /** Takes the viewport off the page for good. */
  destroy(): void {
    this.close();
    this.rendering.resizing.unobserve(this);
  }

  get current(): ViewState {
    return this.state;
  }

  get zoom(): number {
    return this.state.zoom;
  }

  get ids(): readonly string[] {
    return this.imageIds;
  }

  /** Shows a stack from the given image on; the former stack leaves the screen at once. */
  open(set: ImageSet, index: number): void {
    this.close();
    this.set = set;
    this.imageIds = set.frames.map((frame) => this.rendering.registry.register(frame));
    this.target = this.nearest(index);
    this.load();
    this.publish();
    this.prepare();
  }

  close(): void {
    this.generation += 1;
    clearTimeout(this.delayedLoad);
    this.detach();
    this.set = undefined;
    this.kept = undefined;
    this.imageIds = [];
    this.target = 0;
    this.displayed = undefined;
    this.error = undefined;
    this.look.clear();
    this.publish();
  }

  /** Takes the image off the screen while there is nothing to draw with; what the reader chose stays. */
  suspend(): void {
    this.isSuspended = true;
    this.generation += 1;
    clearTimeout(this.delayedLoad);
    if (this.displayed !== undefined) this.kept = this.state;
    this.detach();
    this.displayed = undefined;
    this.publish();
  }

  /** Draws again, with the engine that there is now. */
  revive(): void {
    this.isSuspended = false;
    this.load();
    this.publish();
  }

  goTo(index: number): void {
    if (!this.set) return;
    const wanted = this.nearest(index);
    if (wanted === this.target) return;
    const direction = wanted > this.target ? 1 : -1;
    this.target = wanted;
    this.error = undefined;
    this.events.moved(wanted, direction);
    if (this.isLoaded(wanted)) this.load();
    else this.loadSoon();
    this.publish();
  }

  step(delta: number): void {
    this.goTo(this.target + delta);
  }

  isLoaded(index: number): boolean {
    const imageId = this.imageIds[index];
    return imageId !== undefined && cache.isLoaded(imageId);
  }

  /** Asks once more for the image that could not be loaded. */
  retry(): void {
    this.error = undefined;
    this.load();
    this.publish();
  }

  setWindow(window: Window): void {
    this.look.choose(window);
    this.applyLook();
  }

  resetWindow(): void {
    this.recommend(0);
  }

  /** Takes, for every image, the window or table that its header recommends at this place. */
  recommend(place: number): void {
    this.look.recommend(place);
    this.applyLook();
  }

  invert(): void {
    this.look.invert();
    this.applyLook();
  }

  setInverted(inverted: boolean): void {
    if (inverted !== this.state.inverted) this.invert();
  }

  zoomBy(factor: number): void {
    const { viewport } = this;
    const scale = viewport?.getCamera().parallelScale;
    const zoom = this.state.zoom * factor;
    if (!viewport || !scale || zoom < zoomLimits.least || zoom > zoomLimits.most) return;
    viewport.setCamera({ parallelScale: scale / factor });
    viewport.render();
  }

  /** Shows the image at a size, relative to the fitted one, and moved by parts of the viewport's width and height. */
  place(zoom: number, pan: readonly [number, number]): void {
    const { viewport } = this;
    if (!viewport) return;
    this.zoomBy(zoom / this.state.zoom);
    const { clientWidth, clientHeight } = this.element;
    viewport.setPan([pan[0] * clientWidth, pan[1] * clientHeight]);
    viewport.render();
  }

  /** Where a point of the patient lies in the viewport, in CSS pixels; undefined without an image. */
  pointOnScreen(point: Vector): readonly [number, number] | undefined {
    const [x, y] = this.frameOnScreen() ? (this.viewport?.worldToCanvas([...point]) ?? []) : [];
    return x !== undefined && y !== undefined && Number.isFinite(x + y) ? [x, y] : undefined;
  }

  /** Turns what is on the screen by quarter turns, clockwise. */
  rotate(quarters: 1 | -1): void {
    if (this.viewport) rotate(this.viewport, quarters);
  }

  flip(axis: 'horizontal' | 'vertical'): void {
    if (this.viewport) flip(this.viewport, axis, this.rendering.usesCpu);
  }

  /** The viewport has another size; the image is to have the given zoom again. */
  resized(zoom: number): void {
    this.size = sizeOf(this.element);
    if (!this.viewport) return;
    this.publish();
    this.zoomBy(zoom / this.state.zoom);
  }

  /** Back to how the stack was first shown, at the same image. */
  reset(): void {
    const { viewport } = this;
    if (!viewport) return;
    viewport.setViewPresentation({ rotation: 0 });
    viewport.setCamera({ flipHorizontal: false, flipVertical: false });
    viewport.resetCamera();
    this.look.reset();
    this.applyLook();
  }

  /** Shows the image as a presentation state wants it, from as it is stored; without an area, all of it. */
  present(turn: Turn, area: DisplayedArea | undefined): void {
    const frame = this.frameOnScreen();
    if (this.viewport && frame) {
      presentImage(this.viewport, frame, { turn, area, flip: () => this.flip('horizontal') });
    }
  }

  /** The library's viewport, once there is an image in it. */
  private get viewport(): Types.IStackViewport | undefined {
    return this.displayed === undefined ? undefined : this.enabled;
  }

  private get enabled(): Types.IStackViewport | undefined {
    return this.rendering.engine.getViewport<Types.IStackViewport | undefined>(this.id);
  }

  private loadSoon(): void {
    clearTimeout(this.delayedLoad);
    const wait = Math.max(0, this.lastLoad + loadIntervalMs - performance.now());
    this.delayedLoad = setTimeout(() => {
      this.load();
    }, wait);
  }

  private load(): void {
    clearTimeout(this.delayedLoad);
    this.lastLoad = performance.now();
    const { generation, target } = this;
    const imageId = this.imageIds[target];
    if (imageId === undefined || this.isSuspended) return;
    this.rendering.loader.image(imageId).then(
      (image) => {
        this.events.settled(imageId, undefined);
        if (generation === this.generation) void this.arrived(target, image);
      },
      (error: unknown) => {
        if (isAbort(error)) {
          this.restartIfStillWanted(generation, target);
          return;
        }
        this.events.settled(imageId, error);
        if (generation === this.generation) this.failed(target, error);
      },
    );
  }

  /** A prefetch that was cancelled under the reader's eyes has to be asked for again. */
  private restartIfStillWanted(generation: number, index: number): void {
    if (generation === this.generation && index === this.target && index !== this.displayed) this.loadSoon();
  }

  private async arrived(index: number, image: Types.IImage): Promise<void> {
    if (!this.isOnTheWay(index)) return;
    if (index === this.target) this.error = undefined;
    this.look.noteImage(image);
    const isFirst = this.displayed === undefined;
    const viewport = this.enabled ?? this.enable();
    this.displayed = index;
    if (isFirst) {
      this.events.attached(this.id);
      await viewport.setStack([...this.imageIds], index);
    } else {
      await viewport.setImageIdIndex(index);
    }
    this.applyLook();
    if (this.kept) this.putBack(this.kept, viewport);
  }

  private putBack({ zoom, pan, ...kept }: ViewState, viewport: Types.IStackViewport): void {
    this.kept = undefined;
    viewport.setViewPresentation({ rotation: kept.rotation });
    viewport.setCamera({ flipHorizontal: kept.flippedHorizontally, flipVertical: kept.flippedVertically });
    this.publish();
    this.place(zoom, pan);
  }

  /** The image itself, or one between the screen and it, which shows the reader that something moves. */
  private isOnTheWay(index: number): boolean {
    if (index === this.target || this.displayed === undefined) return true;
    return Math.abs(this.target - index) < Math.abs(this.target - this.displayed);
  }

  private failed(index: number, error: unknown): void {
    if (index !== this.target) return;
    this.error = error instanceof Error ? error : new Error(String(error));
    this.publish();
  }

  /** While the first image is on its way; in software rendering a canvas of this size takes a tenth of a second. */
  private prepare(): void {
    const [width, height] = sizeOf(this.element);
    if (!this.isSuspended && width > 0 && height > 0) this.enable();
  }

  private detach(): void {
    if (this.enabled) this.rendering.engine.disableElement(this.id);
  }

  private enable(): Types.IStackViewport {
    this.rendering.engine.enableElement({
      viewportId: this.id,
      type: Enums.ViewportType.STACK,
      element: this.element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.size = sizeOf(this.element);
    return this.rendering.engine.getViewport<Types.IStackViewport>(this.id);
  }

  private applyLook(): void {
    const { viewport } = this;
    const frame = this.frameOnScreen();
    const image = this.imageOnScreen();
    if (!viewport || !frame || !image) return;
    this.look.apply(viewport, image, frame);
    viewport.render();
  }

  private adoptWindow(): void {
    const { viewport } = this;
    const frame = this.frameOnScreen();
    const image = this.imageOnScreen();
    if (viewport && frame && image && this.look.adopt(viewport, image, frame)) this.applyLook();
  }

  private nearest(index: number): number {
    return Math.max(0, Math.min(this.imageIds.length - 1, Math.round(index)));
  }

  private imageOnScreen(): Types.IImage | undefined {
    return cache.getImage(this.imageIds[this.displayed ?? 0] ?? '');
  }

  private frameOnScreen(): Frame | undefined {
    const imageId = this.displayed === undefined ? undefined : this.imageIds[this.displayed];
    return imageId === undefined ? undefined : this.rendering.registry.frame(imageId);
  }

  private publish(): void {
    const frame = this.frameOnScreen();
    const { viewport } = this;
    // Between a change of the element's size and the library's answer to it, what it measures is of neither.
    const isMeasurable = isSameSize(this.size, sizeOf(this.element));
    this.state = {
      ...(isMeasurable ? emptyState : this.state),
      phase: this.phase(),
      index: this.displayed,
      target: this.target,
      count: this.imageIds.length,
      frame,
      error: this.error,
      ...this.look.state,
      ...(viewport && frame && isMeasurable ? placeOf(viewport, frame) : {}),
    };
    this.events.changed(this.state);
  }

  private phase(): ViewState['phase'] {
    if (!this.set) return 'empty';
    if (this.error) return 'error';
    return this.displayed === this.target ? 'ready' : 'loading';
  }
}
