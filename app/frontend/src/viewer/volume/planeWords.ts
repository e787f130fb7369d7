/** What is said about a plane: to the reader in its corners, and by its attributes to whoever looks for them. */

import type { SlabMode } from '../../render/volume/planeViewport';
import type { LoadedVolume } from '../../render/volume/volumeStore';
import { scaleBar } from '../../study/calibration';
import { formatNumber } from '../../study/format';
import { lettersOf, opposite } from '../../study/orientation';
import { patientOf } from '../../study/overlayText';
import { obliquity, placeOf, rightOf, type PlaneName, type PlaneView } from '../../study/planes';
import type { ShownLine } from '../../study/planeLines';
import type { Vector } from '../../study/vector';
import { valueText } from '../../study/volumeContent';
import { text } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import type { OverlayContent } from '../../ui/overlays';
import type { MprState, Overlay } from './mpr';

/** Part of the width that a scale bar may take. */
const scaleBarShare = 0.3;
/** Less than this many degrees is no more than a trembling hand. */
const noticeableTurn = 0.05;

export const slabLabels: Record<SlabMode, string> = {
  slice: 'Slice',
  mip: 'MIP',
  minip: 'MinIP',
  average: 'Average',
};

export type ReadOverlay = Overlay & { value: number | undefined };

export function pointText(point: Vector): string {
  return point.map((value) => value.toFixed(1)).join(', ');
}

export function attributesOf(
  name: PlaneName,
  { planes, zooms, slab, window }: MprState,
  view: PlaneView,
  value: number | undefined,
  overlay: ReadOverlay | undefined,
  lines: readonly ShownLine[],
): Record<string, string | number | undefined> {
  return {
    crosshair: exact(planes.crosshair),
    normal: exact(view.axes.normal),
    up: exact(view.axes.up),
    center: exact(view.center),
    position: rounded(placeOf(planes, name)),
    value: value === undefined ? undefined : rounded(value),
    'overlay-value': overlay?.value === undefined ? undefined : rounded(overlay.value),
    'millimetres-per-pixel': view.millimetresPerPixel,
    zoom: rounded(zooms[name]),
    slab: slab.mode,
    thickness: slab.thickness,
    'window-center': rounded(window.center),
    'window-width': rounded(window.width),
    opacity: overlay && rounded(overlay.opacity),
    lengths: lines.map(({ millimetres }) => String(rounded(millimetres))).join(',') || undefined,
  };
}

export function wordsOn(
  name: PlaneName,
  state: MprState,
  view: PlaneView,
  { plan, content }: LoadedVolume,
  overlay: ReadOverlay | undefined,
): OverlayContent {
  const instance = plan.frames[0]?.instance ?? {};
  const patient = patientOf(instance);
  const right = lettersOf(rightOf(view.axes));
  const up = lettersOf(view.axes.up);
  return {
    corners: {
      topLeft: [patient.name, patient.id ?? ''].filter(Boolean),
      topRight: [
        text(instance, Tag.SeriesDescription),
        overlay && seriesName(overlay.volume),
        content.note,
        overlay?.volume.content.note,
      ].filter(isText),
      bottomLeft: [...thinning(plan.step), ...slabLine(state), placeLine(name, state)],
      bottomRight: [
        overlay ? windowLine(overlay.volume, overlay.window) : '',
        windowLine({ content }, state.window),
      ].filter(Boolean),
    },
    letters: { right, left: opposite(right), top: up, bottom: opposite(up) },
    scale: scaleBar(view.millimetresPerPixel, view.width * scaleBarShare, 'image'),
  };
}

function seriesName({ plan, content }: LoadedVolume): string {
  return text(plan.frames[0]?.instance, Tag.SeriesDescription) ?? content.modality;
}

/** `Axial 12.5 mm`, or `Axial turned by 30° ...`: the name of a plane that was turned says where it came from. */
function placeLine(name: PlaneName, { planes }: MprState): string {
  const label = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const degrees = obliquity(planes, name);
  const turn = degrees > noticeableTurn ? ` oblique ${formatNumber(degrees, 1)}°` : '';
  return `${label}${turn} · ${formatNumber(placeOf(planes, name), 1)} mm`;
}

function slabLine({ slab: { mode, thickness } }: MprState): string[] {
  return mode === 'slice' ? [] : [`${slabLabels[mode]} ${formatNumber(thickness, 1)} mm`];
}

function thinning(step: number): string[] {
  return step === 1 ? [] : [`1 slice of ${step}`];
}

function windowLine({ content }: Pick<LoadedVolume, 'content'>, window: MprState['window']): string {
  const digits = content.unit === 'SUV' ? 1 : 0;
  const unit = content.unit === 'SUV' ? 'SUV ' : '';
  return `${unit}W ${formatNumber(window.width, digits)} · L ${formatNumber(window.center, digits)}`;
}

export function readoutOf(
  state: MprState,
  { content, plan, values }: LoadedVolume,
  overlay: Overlay | undefined,
  read: (plan: LoadedVolume['plan'], values: LoadedVolume['values'], point: Vector) => number | undefined,
): string {
  const { crosshair } = state.planes;
  const value = read(plan, values, crosshair);
  const over = overlay && read(overlay.volume.plan, overlay.volume.values, crosshair);
  return [
    `${pointText(crosshair)} mm`,
    value === undefined ? undefined : valueText(content, value),
    overlay && over !== undefined ? valueText(overlay.volume.content, over) : undefined,
  ]
    .filter(isText)
    .join(' · ');
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function exact(vector: Vector): string {
  return vector.map((value) => String(Number(value.toFixed(5)))).join(',');
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
