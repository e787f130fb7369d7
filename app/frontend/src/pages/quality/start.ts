/** Quality control by keyboard: arrows move between images, one is shown large, and keys decide. */

import { chosenInWords, isArrow, neighbour } from './grid';

const typing = 'input:not([type=checkbox]), textarea, select, [contenteditable]';
const previewDelay = 120;

export function startQuality(root: HTMLElement): void {
  const images = [...root.querySelectorAll<HTMLInputElement>('input[name=image]')];
  startPreview(root);
  root.addEventListener('change', () => showChosen(root));
  root.addEventListener('keydown', (event) => {
    const index = images.findIndex((image) => image === event.target);
    if (index < 0 || !isArrow(event.key) || hasModifier(event)) return;
    event.preventDefault();
    const spots = images.map(
      (image) => image.closest('.thumb')?.getBoundingClientRect() ?? { left: 0, top: 0 },
    );
    const next = images[neighbour(spots, index, event.key)];
    next?.focus({ preventScroll: true });
    next?.closest('.thumb')?.scrollIntoView({ block: 'nearest' });
  });
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || hasModifier(event)) return;
    if (event.target instanceof Element && event.target.matches(typing)) return;
    if (act(root, event.key.toLowerCase())) event.preventDefault();
  });
  showChosen(root);
  images[0]?.focus({ preventScroll: true });
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.altKey || event.ctrlKey || event.metaKey;
}

function act(root: HTMLElement, key: string): boolean {
  switch (key) {
    case 's':
      return press(document.activeElement?.closest('.quality-series')?.querySelector('[data-whole-series]'));
    case 'r':
      root.querySelector<HTMLElement>('#id_reason')?.focus();
      return true;
    case 'x':
      return press(root.querySelector('[data-reject]'));
    case 'u':
      return press(root.querySelector('[data-restore]'));
    case 'a':
      return press(root.querySelector('[data-accept]'));
    default:
      return false;
  }
}

function press(control: Element | null | undefined): boolean {
  if (!(control instanceof HTMLElement)) return false;
  control.click();
  return true;
}

function showChosen(root: HTMLElement): void {
  const count = root.querySelector<HTMLElement>('[data-quality-count]');
  const checked = (selector: string): number => root.querySelectorAll(`${selector}:checked`).length;
  const words = chosenInWords(
    checked('input[name=image]'),
    checked('[data-whole-series]'),
    checked('[data-whole-study]') > 0,
  );
  if (count) count.textContent = words;
}

/** The image in focus, large; whoever holds an arrow key down asks for the last one only. */
function startPreview(root: HTMLElement): void {
  const figure = root.querySelector<HTMLElement>('[data-quality-preview]');
  const picture = figure?.querySelector('img');
  if (!figure || !picture) return;
  let waiting = 0;
  root.addEventListener('focusin', (event) => {
    const url = event.target instanceof HTMLElement ? event.target.dataset.picture : undefined;
    if (!url) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      figure.hidden = false;
      picture.src = url;
    }, previewDelay);
  });
}
