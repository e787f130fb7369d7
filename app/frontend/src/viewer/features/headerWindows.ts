/** The windows and look-up tables that an image recommends, where it recommends several. */

import type { Window } from '../../study/frame';
import { windowName } from '../../study/overlayText';
import { element, setAttribute } from '../../ui/dom';
import { Menu } from '../../ui/menu';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

export function headerWindows({ grid, page }: Viewer): Feature {
  const menu = new Menu('header-windows', 'Windows of the image', 'window');
  page.toolbar.add('window', menu.element);
  menu.element.hidden = true;
  let offered: readonly Window[] = [];

  const show = (pane: Pane): void => {
    if (pane !== grid.active) return;
    const { frame, recommended } = pane.view.current;
    const windows = frame && frame.windows.length > 1 ? frame.windows : [];
    if (!isSame(windows, offered)) {
      offered = windows;
      menu.panel.replaceChildren(...windows.map((window, place) => item(window, place)));
    }
    menu.element.hidden = windows.length === 0;
    for (const [place, button] of [...menu.panel.children].entries()) {
      setAttribute(button, 'aria-pressed', String(place === recommended));
    }
  };

  const item = (window: Window, place: number): HTMLElement => {
    const { frame } = grid.active.view.current;
    const name = frame ? windowName(window, frame) : '';
    const button = element('button', { type: 'button', class: 'viewer-menu-item' }, name);
    button.addEventListener('click', () => {
      grid.active.view.recommend(place);
      menu.close();
    });
    return button;
  };

  return {
    activated: show,
    opened: show,
    changed: show,
  };
}

/** Frames have lists of their own; what counts is what the reader sees. */
function isSame(a: readonly Window[], b: readonly Window[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ center, width, explanation }, place) => {
      const other = b[place];
      return other?.center === center && other.width === width && other.explanation === explanation;
    })
  );
}
