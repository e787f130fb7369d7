/** Measuring on a drawing with the mouse: from where it is pressed to where it is let go. */

import { svgElement } from './svg';

/** `words` turn a distance in units of the drawing into text. A short click takes the caliper away. */
export function addCaliper(
  drawing: SVGSVGElement,
  words: (across: number, down: number, from: DOMPoint) => string,
): void {
  const box = svgElement('rect', { class: 'viewer-caliper' });
  const label = svgElement('text', { class: 'viewer-caliper-text' });
  const group = svgElement('g', { 'data-caliper': 'off' }, box, label);
  drawing.append(group);
  let start: DOMPoint | undefined;
  const place = (event: PointerEvent): DOMPoint | undefined => {
    const matrix = drawing.getScreenCTM()?.inverse();
    return matrix && new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  };
  drawing.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    start = place(event);
    drawing.setPointerCapture(event.pointerId);
    group.setAttribute('data-caliper', 'off');
  });
  drawing.addEventListener('pointermove', (event) => {
    const end = start && place(event);
    if (!start || !end || Math.hypot(end.x - start.x, end.y - start.y) < 0.5) return;
    const [left, top] = [Math.min(start.x, end.x), Math.min(start.y, end.y)];
    for (const [name, value] of Object.entries({
      x: left,
      y: top,
      width: Math.abs(end.x - start.x),
      height: Math.abs(end.y - start.y),
    })) {
      box.setAttribute(name, String(value));
    }
    label.setAttribute('x', String(left));
    label.setAttribute('y', String(Math.max(4, top - 1.5)));
    label.textContent = words(end.x - start.x, end.y - start.y, start);
    group.setAttribute('data-caliper', 'on');
  });
  for (const ending of ['pointerup', 'pointercancel'] as const) {
    drawing.addEventListener(ending, () => {
      start = undefined;
    });
  }
}
