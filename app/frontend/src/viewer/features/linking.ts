/** Panes in step: the same place in the patient, the same look, and lines that show where one image cuts the others. */

import type { ViewState } from '../../render/viewState';
import type { Frame } from '../../study/frame';
import { cut, depthAlong, distanceTo, indexAt, indexNearest, sharesSpace } from '../../study/linkedSlices';
import { normalOf } from '../../study/sorting';
import type { Vector } from '../../study/vector';
import { locateEvent } from '../../tools/locateTool';
import { LineLayer } from '../../ui/lineLayer';
import type { IconName } from '../../ui/icons';
import type { Command } from '../../ui/shortcuts';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

/** A cross is drawn on images that lie within this, in millimetres, of the place; thicker slices reach further. */
const nearPlane = 1;

export function linking(viewer: Viewer): Feature {
  const links = new Links(viewer);
  const hasOthers = (): boolean => viewer.grid.panes.length > 1;
  const toggle = (id: Switch, label: string, key: string, icon: IconName): Command => ({
    id,
    label,
    group: 'Layout',
    keys: [key],
    run: () => links.toggle(id),
    button: { place: 'layout', icon },
    isPressed: () => links.isOn(id),
    isEnabled: hasOthers,
  });
  return {
    commands: [
      toggle('link-scrolling', 'Scroll together', 'Shift+l', 'link'),
      toggle('link-look', 'Window, zoom and pan together', 'Shift+w', 'synchronise'),
      toggle('reference-lines', 'Reference lines', 'Shift+x', 'referenceLines'),
    ],
    paneMade: (pane) => links.add(pane),
    paneGone: (pane) => links.remove(pane),
    opened: (pane) => links.forget(pane),
    activated: () => links.draw(),
    changed: (pane, state) => links.follow(pane, state),
  };
}

type Switch = 'link-scrolling' | 'link-look' | 'reference-lines';
type Look = Pick<ViewState, 'zoom' | 'pan' | 'window' | 'windowIsDefault' | 'inverted'>;

class Links {
  private readonly layers = new Map<Pane, LineLayer>();
  private readonly before = new Map<Pane, { index: number; look: Look }>();
  private readonly on = new Set<Switch>(['reference-lines']);
  private located: { frame: Frame; point: Vector } | undefined;
  private isFollowing = false;

  constructor(private readonly viewer: Viewer) {}

  isOn(name: Switch): boolean {
    return this.on.has(name);
  }

  toggle(name: Switch): void {
    if (!this.on.delete(name)) this.on.add(name);
    this.draw();
    this.viewer.refresh();
  }

  add(pane: Pane): void {
    const layer = new LineLayer();
    this.layers.set(pane, layer);
    pane.layers.append(layer.element);
    pane.canvasHost.addEventListener(locateEvent, (event) => {
      this.locate(pane, (event as CustomEvent<Vector>).detail);
    });
  }

  remove(pane: Pane): void {
    this.layers.delete(pane);
    this.forget(pane);
  }

  forget(pane: Pane): void {
    this.before.delete(pane);
  }

  /** Takes the others along with the pane that the reader works in. */
  follow(pane: Pane, state: ViewState): void {
    const known = this.before.get(pane);
    this.before.set(pane, { index: state.target, look: state });
    if (pane === this.viewer.grid.active && known && !this.isFollowing) {
      this.isFollowing = true;
      if (this.isOn('link-scrolling') && known.index !== state.target) this.scroll(pane, known.index);
      if (this.isOn('link-look')) this.dress(pane, known.look, state);
      this.isFollowing = false;
    }
    this.draw();
  }

  draw(): void {
    const { panes, active } = this.viewer.grid;
    const source = active.view.current.frame;
    for (const pane of panes) {
      const layer = this.layers.get(pane);
      const target = pane.view.current.frame;
      const line =
        this.isOn('reference-lines') && pane !== active && source && target ? cut(source, target) : undefined;
      const from = line && pane.view.pointOnScreen(line.from);
      const to = line && pane.view.pointOnScreen(line.to);
      layer?.showLine(from && to ? [from, to] : undefined);
      layer?.showCross(target && this.crossOn(pane, target));
    }
  }

  private crossOn(pane: Pane, frame: Frame): readonly [number, number] | undefined {
    if (!this.located || !isSamePlace(this.located.frame, frame)) return undefined;
    const { point } = this.located;
    const distance = Math.abs(distanceTo(frame, point) ?? Infinity);
    const reach = Math.max(nearPlane, (frame.sliceThickness ?? 0) / 2 + nearPlane / 2);
    return distance <= reach ? pane.view.pointOnScreen(point) : undefined;
  }

  private locate(pane: Pane, point: Vector): void {
    const { frame } = pane.view.current;
    if (!frame) return;
    this.located = { frame, point };
    for (const other of this.others(pane)) {
      const frames = other.images?.frames ?? [];
      const index = frames[0] && sharesSpace(frame, frames[0]) ? indexNearest(frames, point) : undefined;
      if (index !== undefined) other.goTo(index);
    }
    this.draw();
  }

  private scroll(pane: Pane, before: number): void {
    const frames = pane.images?.frames ?? [];
    const target = pane.view.current.target;
    const [was, is] = [frames[before], frames[target]];
    if (!was || !is) return;
    for (const other of this.group(pane)) {
      const place = placeIn(other, was, is);
      if (place === undefined) other.step(target - before);
      else other.goTo(place);
    }
  }

  private dress(pane: Pane, was: Look, is: ViewState): void {
    const moved = was.zoom !== is.zoom || was.pan[0] !== is.pan[0] || was.pan[1] !== is.pan[1];
    const rewindowed = was.window?.center !== is.window?.center || was.window?.width !== is.window?.width;
    for (const other of this.group(pane)) {
      const { view } = other;
      if (moved) view.place(is.zoom, is.pan);
      if (other.modality !== pane.modality) continue;
      if (was.inverted !== is.inverted && view.current.inverted !== is.inverted) view.invert();
      if (rewindowed && is.windowIsDefault) view.resetWindow();
      else if (rewindowed && is.window) view.setWindow(is.window);
    }
  }

  private group(pane: Pane): Pane[] {
    return this.others(pane).filter(({ syncGroup }) => syncGroup === pane.syncGroup);
  }

  private others(pane: Pane): Pane[] {
    return this.viewer.grid.panes.filter((other) => other !== pane && other.images !== undefined);
  }
}

/** Where another stack goes: to the same place where there is one, else as far from it as it was before. */
function placeIn(other: Pane, was: Frame, is: Frame): number | undefined {
  const frames = other.images?.frames ?? [];
  const present = frames[other.view.current.target];
  const normal = normalOf(is);
  if (!present || !normal) return undefined;
  if (sharesSpace(present, is)) return indexAt(frames, is) ?? other.view.current.target;
  const [own, theirs] = [depthAlong(was, normal), depthAlong(present, normal)];
  return own === undefined || theirs === undefined ? undefined : indexAt(frames, is, theirs - own);
}

function isSamePlace(a: Frame, b: Frame): boolean {
  return a === b || sharesSpace(a, b);
}
