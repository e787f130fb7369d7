/** Thin lines and a cross over an image: where another image cuts it, and where the reader points. */

import { setAttribute } from './dom';

type Point = readonly [x: number, y: number];

const namespace = 'http://www.w3.org/2000/svg';
/** Half the size of the cross, and the gap around what it points at, in CSS pixels. */
const reach = 14;
const gap = 4;

export class LineLayer {
  readonly element = document.createElementNS(namespace, 'svg');
  private readonly line = shape('line', 'viewer-reference-line');
  private readonly cross = shape('path', 'viewer-cross');

  constructor() {
    this.element.setAttribute('class', 'viewer-lines');
    this.element.setAttribute('aria-hidden', 'true');
    this.element.append(this.line, this.cross);
    this.showLine(undefined);
    this.showCross(undefined);
  }

  showLine(ends: readonly [Point, Point] | undefined): void {
    setAttribute(this.line, 'visibility', ends ? undefined : 'hidden');
    if (!ends) return;
    const [[x1, y1], [x2, y2]] = ends;
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) {
      setAttribute(this.line, name, value.toFixed(1));
    }
  }

  showCross(at: Point | undefined): void {
    setAttribute(this.cross, 'visibility', at ? undefined : 'hidden');
    if (!at) return;
    const [x, y] = at.map((value) => Number(value.toFixed(1))) as [number, number];
    const arms = [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ] as const;
    const path = arms.map(([a, b]) => `M${x + a * gap} ${y + b * gap}L${x + a * reach} ${y + b * reach}`);
    setAttribute(this.cross, 'd', path.join(''));
    setAttribute(this.cross, 'data-x', x);
    setAttribute(this.cross, 'data-y', y);
  }
}

function shape(name: 'line' | 'path', className: string): SVGElement {
  const created = document.createElementNS(namespace, name);
  created.setAttribute('class', className);
  return created;
}
