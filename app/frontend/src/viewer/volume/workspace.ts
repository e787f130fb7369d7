/** The place of planes and 3D: loads a volume, shows it in one way or the other, and gives its memory back. */

import { isAbort, SignedOutError } from '../../dicomweb/errors';
import { registerColourMaps, colourMaps } from '../../render/volume/planeViewport';
import { VolumeLoadError, VolumeStore, type LoadedVolume } from '../../render/volume/volumeStore';
import type { ImageSet } from '../../study/displaySets';
import type { PlaneLine } from '../../study/planeLines';
import { presetsFor, type WindowPreset } from '../../study/presets';
import { contentOf } from '../../study/volumeContent';
import { thinned, volumePlan, type VolumePlan } from '../../study/volumeGeometry';
import { sizeText, verdictOn } from '../../study/volumeMemory';
import { element } from '../../ui/dom';
import { listenFirst } from '../../ui/shortcuts';
import { barButton, barGroup, Choice } from '../../ui/volume/controls';
import { LoadingPanel, type PanelAction } from '../../ui/volume/loadingPanel';
import type { Viewer } from '../feature';
import { isEmission, partnersOf, type FusionPartner } from './companions';
import { mprKeys, solidKeys } from './keys';
import { drawingFailed, loadingFailed, noRoom, notAVolume, tooLarge, withoutWebGl } from './messages';
import { Mpr, type Overlay } from './mpr';
import { MprBar } from './mprBar';
import { Solid } from './solid';
import { SolidBar } from './solidBar';

export type Mode = 'mpr' | 'solid';

const modes = [
  { id: 'mpr', label: 'Planes', key: 'Shift M' },
  { id: 'solid', label: '3D', key: 'Shift V' },
] as const;
const usualOpacity = 0.5;

export class Workspace {
  readonly element: HTMLElement;
  private readonly store: VolumeStore;
  private readonly panel = new LoadingPanel();
  private readonly bar = element('div', { class: 'viewer-volume-bars' });
  private readonly stage = element('div', { class: 'viewer-volume-stage' });
  private readonly choice: Choice;
  private readonly volumes = new Map<string, LoadedVolume>();
  /** Lengths outlive the planes they were drawn in: whoever comes back finds them. */
  private readonly lines = new Map<string, readonly PlaneLine[]>();
  private mpr: Mpr | undefined;
  private mprBar: MprBar | undefined;
  private solid: Solid | undefined;
  private partners: readonly FusionPartner[] = [];
  private main: VolumePlan | undefined;
  private loading: AbortController | undefined;
  private stopListening: (() => void) | undefined;
  private shownMode: Mode | undefined;

  constructor(
    private readonly viewer: Viewer,
    private readonly leave: () => void,
  ) {
    this.store = new VolumeStore(viewer.rendering);
    this.choice = new Choice('Display', modes, (id) => this.switchTo(id as Mode));
    this.element = element(
      'section',
      { class: 'viewer-volume', 'aria-label': 'Volume' },
      element(
        'div',
        { class: 'viewer-volume-head' },
        barGroup('Leave', barButton('Back to the stack', 'back', leave)),
        this.choice.element,
        this.bar,
      ),
      element('div', { class: 'viewer-volume-body' }, this.stage, this.panel.element),
    );
    registerColourMaps();
  }

  get mode(): Mode | undefined {
    return this.shownMode;
  }

  /** Shows a stack as a volume, or says why not. */
  async show(mode: Mode, set: ImageSet, step = 1): Promise<void> {
    this.shownMode = mode;
    this.choice.show(mode);
    const back: PanelAction = { label: 'Back to the stack', run: this.leave, isMain: true };
    const whole = volumePlan(set);
    if (this.viewer.rendering.usesCpu) {
      this.panel.say(withoutWebGl(back));
      return;
    }
    if ('refusal' in whole) {
      this.panel.say(notAVolume(whole.refusal, back));
      return;
    }
    const plan = step > 1 ? thinned(whole, step) : whole;
    const again = (taking: number): void => void this.show(mode, set, taking);
    const volume = await this.load(plan, again, () => again(step));
    if (!volume) return;
    this.main = plan;
    await this.draw(volume, undefined);
    this.offerPartners(plan, volume.content.modality);
  }

  switchTo(mode: Mode): void {
    const [first] = this.volumes.values();
    if (mode === this.shownMode || !first || !this.main) return;
    this.shownMode = mode;
    this.choice.show(mode);
    const main = this.volumes.get(keyOf(this.main)) ?? first;
    void this.draw(main, undefined);
  }

  close(): void {
    this.loading?.abort();
    this.clear();
    for (const volume of this.volumes.values()) this.store.release(volume);
    this.volumes.clear();
    this.panel.hide();
    this.shownMode = undefined;
    this.main = undefined;
    this.partners = [];
  }

  private clear(): void {
    if (this.main && this.mpr?.state) this.lines.set(keyOf(this.main), this.mpr.state.lines);
    this.stopListening?.();
    this.mpr?.destroy();
    this.solid?.destroy();
    [this.mpr, this.mprBar, this.solid, this.stopListening] = [undefined, undefined, undefined, undefined];
    this.stage.replaceChildren();
    this.bar.replaceChildren();
  }

  /** The volume, from memory or from the archive; undefined where it does not fit or does not come. */
  private async load(
    plan: VolumePlan,
    again: (step: number) => void,
    retry: () => void,
  ): Promise<LoadedVolume | undefined> {
    const known = this.volumes.get(keyOf(plan));
    if (known) return known;
    const back: PanelAction = { label: 'Back to the stack', run: this.leave };
    const content = contentOf(plan);
    const verdict = verdictOn(plan, content.kind, this.store.limits, this.store.taken);
    if (verdict.problem !== undefined) {
      this.panel.say(tooLarge(verdict, (step) => again(step * plan.step), back));
      return undefined;
    }
    const controller = new AbortController();
    this.loading = controller;
    const total = plan.frames.length;
    this.panel.begin('Loading the volume', `Takes ${sizeText(verdict.need.memory)}`, this.leave);
    try {
      const volume = await this.store.load(
        plan,
        content,
        (done) => this.panel.advance(done, total),
        controller.signal,
      );
      this.volumes.set(keyOf(plan), volume);
      this.panel.hide();
      return volume;
    } catch (error) {
      this.failed(error, retry, back);
      return undefined;
    } finally {
      if (this.loading === controller) this.loading = undefined;
    }
  }

  private failed(error: unknown, retry: () => void, back: PanelAction): void {
    if (isAbort(error)) return;
    if (error instanceof RangeError) this.panel.say(noRoom(back));
    if (!(error instanceof VolumeLoadError)) throw error;
    if (error.cause instanceof SignedOutError) this.viewer.noteSession(error.cause);
    this.panel.say(loadingFailed(error, retry, back));
  }

  private async draw(base: LoadedVolume, overlay: Overlay | undefined): Promise<void> {
    try {
      if (this.shownMode === 'solid') await this.drawSolid(base);
      else await this.drawPlanes(base, overlay);
    } catch (error) {
      this.clear();
      this.panel.say(drawingFailed({ label: 'Back to the stack', run: this.leave, isMain: true }));
      throw error;
    }
  }

  private async drawPlanes(base: LoadedVolume, overlay: Overlay | undefined): Promise<void> {
    if (!this.mpr) {
      this.clear();
      const mpr = new Mpr(
        this.viewer.rendering,
        () => this.viewer.preferences.current.mouse,
        () => this.mprBar?.show(),
      );
      this.mpr = mpr;
      this.mprBar = new MprBar(mpr, (seriesUid) => void this.fuse(seriesUid));
      this.stage.replaceChildren(mpr.element);
      this.bar.replaceChildren(this.mprBar.element);
      this.listen(mprKeys(mpr, this.presetsOf(base)));
      mpr.focus();
    }
    const isFirst = !this.mpr.state;
    await this.mpr.open(base, overlay);
    if (isFirst && this.main) this.mpr.update({ lines: this.lines.get(keyOf(this.main)) ?? [] });
    this.offer();
  }

  private async drawSolid(base: LoadedVolume): Promise<void> {
    this.clear();
    const solid = new Solid(this.viewer.rendering, () => bar.show());
    const bar = new SolidBar(solid);
    this.solid = solid;
    this.stage.replaceChildren(solid.element);
    this.bar.replaceChildren(bar.element);
    this.listen(solidKeys(solid));
    solid.element.focus({ preventScroll: true });
    await solid.open(base);
    bar.build();
    bar.show();
  }

  private presetsOf({ content }: LoadedVolume): readonly WindowPreset[] {
    return presetsFor(content.modality, this.viewer.preferences.current.presets);
  }

  private listen(keys: ReadonlyMap<string, () => void>): void {
    this.stopListening = listenFirst(keys, () => this.viewer.preferences.current.singleKeys);
  }

  private offerPartners(plan: VolumePlan, modality: string): void {
    void partnersOf(this.viewer.data, plan, modality).then((partners) => {
      if (this.main !== plan) return;
      this.partners = partners;
      this.offer();
    });
  }

  private offer(): void {
    const overlay = this.mpr?.overlay;
    const shown = [this.mpr?.volume, overlay?.volume].map((volume) => volume?.content.seriesUid);
    const chosen = overlay && this.partners.find(({ seriesUid }) => shown.includes(seriesUid))?.seriesUid;
    const presets = this.mpr?.volume ? this.presetsOf(this.mpr.volume) : [];
    this.mprBar?.offer(this.partners, chosen, presets);
    this.mprBar?.show();
  }

  /** Emission lies over anatomy, whichever of them was opened first. */
  private async fuse(seriesUid: string | undefined): Promise<void> {
    const main = this.main && this.volumes.get(keyOf(this.main));
    if (!main) return;
    const partner = this.partners.find((each) => each.seriesUid === seriesUid);
    if (!partner) {
      await this.draw(main, undefined);
      return;
    }
    const other = await this.load(
      partner.plan,
      () => void this.fuse(seriesUid),
      () => void this.fuse(seriesUid),
    );
    if (!other) return;
    const [base, over] = isEmission(main.content.modality) ? [other, main] : [main, other];
    await this.draw(base, {
      volume: over,
      opacity: usualOpacity,
      colours: colourMaps[0].id,
      window: over.window,
    });
  }
}

function keyOf({ frames, step }: VolumePlan): string {
  return `${frames[0]?.seriesUid ?? ''}/${frames[0]?.sopInstanceUid ?? ''}/${step}`;
}
