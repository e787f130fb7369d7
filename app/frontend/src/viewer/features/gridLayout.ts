/** How many panes there are, and which of them the reader works in. */

import { element, setAttribute } from '../../ui/dom';
import { Menu } from '../../ui/menu';
import type { Notice } from '../../ui/notice';
import type { Command } from '../../ui/shortcuts';
import { holdsImages } from '../../study/seriesList';
import type { Feature, Viewer } from '../feature';
import { mostColumns, mostRows } from '../grid';
import type { Pane } from '../pane';

const offered: readonly (readonly [rows: number, columns: number, key: string])[] = [
  [1, 1, 'Shift+a'],
  [1, 2, 'Shift+b'],
  [2, 2, 'Shift+c'],
  [2, 3, 'Shift+d'],
];

const emptyPlace: Notice = {
  icon: 'grid',
  title: 'No series',
  detail: 'Choose one from the list, or drag one here.',
  urgent: false,
};

export function gridLayout(viewer: Viewer): Feature {
  const { grid } = viewer;
  const choose = (rows: number, columns: number): void => {
    grid.setLayout(rows, columns);
    fill(viewer);
    viewer.refresh();
  };
  const menu = new Menu('layout', 'Layout of the viewports', 'grid');
  menu.panel.append(picker(viewer, menu, choose));
  viewer.page.toolbar.add('layout', menu.element);
  let before: readonly [number, number] | undefined;
  const maximise = (): void => {
    const isSingle = grid.panes.length === 1;
    const [rows, columns] = isSingle ? (before ?? [1, 1]) : [1, 1];
    before = isSingle ? undefined : [grid.rows, grid.columns];
    choose(rows, columns);
  };
  return {
    paneMade: (pane) => {
      pane.layers.addEventListener('dblclick', maximise);
    },
    commands: [
      ...offered.map(([rows, columns, key]): Command => ({
        id: `layout-${rows}x${columns}`,
        label: `Layout ${rows} × ${columns}`,
        group: 'Layout',
        keys: [key],
        run: () => choose(rows, columns),
      })),
      {
        id: 'maximise',
        label: 'One viewport, or all again',
        group: 'Layout',
        keys: ['Enter'],
        run: maximise,
      },
      {
        id: 'next-viewport',
        label: 'Next viewport',
        group: 'Layout',
        keys: ['Shift+ArrowRight', 'Shift+ArrowDown'],
        run: () => grid.step(1),
      },
      {
        id: 'previous-viewport',
        label: 'Previous viewport',
        group: 'Layout',
        keys: ['Shift+ArrowLeft', 'Shift+ArrowUp'],
        run: () => grid.step(-1),
      },
    ],
  };
}

/** Gives empty panes the series that are not on the screen yet, in their order. */
function fill(viewer: Viewer): void {
  const shown = new Set(viewer.grid.panes.map((pane) => pane.seriesUid));
  const waiting = viewer.data.series.filter((series) => holdsImages(series) && !shown.has(series.uid));
  const isEmpty = (pane: Pane): boolean => pane.seriesUid === undefined;
  for (const pane of viewer.grid.panes.filter(isEmpty)) {
    const next = waiting.shift();
    if (next) void viewer.open(pane, next.uid);
    else pane.notify(emptyPlace);
  }
}

/** Squares to choose rows and columns from, as many as the grid may have. */
function picker({ grid }: Viewer, menu: Menu, choose: (rows: number, columns: number) => void): HTMLElement {
  const table = element('div', {
    class: 'viewer-layout-picker',
    role: 'group',
    'aria-label': 'Rows and columns',
  });
  const label = element('output', { class: 'viewer-layout-size' }, '1 × 1');
  const mark = (rows: number, columns: number): void => {
    label.textContent = `${rows} × ${columns}`;
    for (const cell of table.children) {
      const [row = 0, column = 0] = (cell.getAttribute('data-size') ?? '').split('x').map(Number);
      setAttribute(cell, 'data-marked', row <= rows && column <= columns);
    }
  };
  for (let row = 1; row <= mostRows; row += 1) {
    for (let column = 1; column <= mostColumns; column += 1) {
      const cell = element('button', {
        type: 'button',
        class: 'viewer-layout-cell',
        'data-size': `${row}x${column}`,
        'aria-label': `${row} × ${column}`,
      });
      cell.addEventListener('pointerenter', () => mark(row, column));
      cell.addEventListener('focus', () => mark(row, column));
      cell.addEventListener('click', () => {
        menu.close();
        choose(row, column);
      });
      table.append(cell);
    }
  }
  menu.panel.addEventListener('beforetoggle', () => mark(Math.max(1, grid.rows), Math.max(1, grid.columns)));
  return element('div', { class: 'viewer-layout-menu' }, table, label);
}
