/**
 * One plane's place on the page.
 *
 * The element with class `viewer-cut` tells by its attributes what is on the screen:
 *
 * | attribute | value |
 * | --- | --- |
 * | `data-plane` | `axial`, `sagittal` or `coronal`: what it was before it was turned |
 * | `data-state` | `drawing` or `ready` |
 * | `data-crosshair` | point of the crosshair in the patient: x, y, z in mm |
 * | `data-normal`, `data-up` | unit vectors towards the reader and to the upper edge |
 * | `data-position` | distance of the plane from the origin along its axis, in mm |
 * | `data-value`, `data-overlay-value` | value at the crosshair of the volume, and of the one over it |
 * | `data-millimetres-per-pixel`, `data-zoom` | size of a screen pixel; size relative to the fitted volume |
 * | `data-center` | point in the middle of the viewport |
 * | `data-slab`, `data-thickness` | `slice`, `mip`, `minip` or `average`, and its thickness in mm |
 * | `data-window-center`, `data-window-width` | window in modality units |
 * | `data-opacity` | opacity of the volume on top |
 * | `data-lengths` | the lengths that are shown on it, in mm |
 */

import type { CrosshairShape } from '../../study/crosshair';
import { along } from '../../study/crosshair';
import { formatNumber } from '../../study/format';
import type { ShownLine } from '../../study/planeLines';
import type { PlaneName, ScreenPoint } from '../../study/planes';
import { element, setAttribute } from '../dom';
import { icon } from '../icons';
import { Overlays, type OverlayContent } from '../overlays';

const svgNamespace = 'http://www.w3.org/2000/svg';
/** Room around the middle, in CSS pixels, so that the crosshair hides nothing there. */
const gap = 18;
const handleRadius = 5;
/** Between a line's end and its words, in CSS pixels. */
const besideEnd = 8;

export interface PlaneCellEvents {
  maximise(): void;
  focused(): void;
}

export class PlaneCell {
  readonly element: HTMLElement;
  readonly canvasHost = element('div', { class: 'viewer-plane-canvas' });
  readonly overlays = new Overlays();
  private readonly drawing = drawingLayer('viewer-crosshair');
  private readonly measures = drawingLayer('viewer-plane-lines');

  constructor(
    readonly name: PlaneName,
    label: string,
    events: PlaneCellEvents,
  ) {
    const maximise = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button viewer-plane-maximise',
        'aria-label': `${label}: one plane, or all`,
        title: 'One plane, or all (Enter)',
      },
      icon('maximise', 14),
    );
    maximise.addEventListener('click', () => events.maximise());
    this.element = element(
      'section',
      { class: 'viewer-cut', 'data-plane': name, tabindex: 0, role: 'group', 'aria-label': label },
      this.canvasHost,
      this.drawing,
      this.measures,
      this.overlays.element,
      maximise,
    );
    this.element.addEventListener('focus', () => events.focused());
    this.canvasHost.addEventListener('dblclick', () => events.maximise());
  }

  get size(): { width: number; height: number } {
    return { width: this.canvasHost.clientWidth, height: this.canvasHost.clientHeight };
  }

  tell(attributes: Record<string, string | number | undefined>): void {
    for (const [name, value] of Object.entries(attributes)) setAttribute(this.element, `data-${name}`, value);
  }

  showWords(content: OverlayContent): void {
    this.overlays.show(content);
  }

  /** Lines, their handles, and the edges of the slabs of the others: half their thickness in pixels. */
  showCrosshair(shape: CrosshairShape | undefined, halfSlab: number): void {
    const { width, height } = this.size;
    const reach = width + height;
    const parts = shape?.lines.flatMap(({ of, direction, handles }) => {
      const { center } = shape;
      const aside: ScreenPoint = [-direction[1], direction[0]];
      const slab = halfSlab > 1 ? [halfSlab, -halfSlab] : [];
      return [
        line(of, along(center, direction, gap), along(center, direction, reach)),
        line(of, along(center, direction, -gap), along(center, direction, -reach)),
        ...slab.map((distance) => {
          const start = along(center, aside, distance);
          return line(of, along(start, direction, -reach), along(start, direction, reach), true);
        }),
        ...handles.map((handle) => circle(of, handle)),
      ];
    });
    this.drawing.replaceChildren(...(parts ?? []));
  }

  /** Lengths with their ends and their words; the chosen one stands out. */
  showLines(lines: readonly ShownLine[], chosen: number | undefined): void {
    const groups = lines.map(({ index, ends: [from, to], millimetres }) => {
      const [x, y] = from[0] > to[0] ? from : to;
      const words = drawn('text', { x: x + besideEnd, y });
      words.textContent = `${formatNumber(millimetres, 1)} mm`;
      const group = drawn('g', { 'data-chosen': String(index === chosen) });
      group.append(
        drawn('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }),
        ...[from, to].map((end) => drawn('circle', { cx: end[0], cy: end[1], r: handleRadius })),
        words,
      );
      return group;
    });
    this.measures.replaceChildren(...groups);
  }
}

function drawingLayer(name: string): SVGSVGElement {
  const layer = document.createElementNS(svgNamespace, 'svg');
  layer.classList.add(name);
  layer.setAttribute('aria-hidden', 'true');
  return layer;
}

function line(of: PlaneName, from: ScreenPoint, to: ScreenPoint, isDashed = false): SVGElement {
  return shape('line', of, {
    x1: from[0],
    y1: from[1],
    x2: to[0],
    y2: to[1],
    ...(isDashed ? { 'stroke-dasharray': '2 4' } : {}),
  });
}

function circle(of: PlaneName, [x, y]: ScreenPoint): SVGElement {
  return shape('circle', of, { cx: x, cy: y, r: handleRadius });
}

function shape(kind: string, of: PlaneName, attributes: Record<string, number | string>): SVGElement {
  return drawn(kind, { 'data-of': of, ...attributes });
}

function drawn(kind: string, attributes: Record<string, number | string>): SVGElement {
  const made = document.createElementNS(svgNamespace, kind);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, typeof value === 'number' ? value.toFixed(2) : value);
  }
  return made;
}
