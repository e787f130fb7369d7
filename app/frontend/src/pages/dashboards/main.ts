/** The charts of the dashboards, drawn when they come into view. */

import { draw, type Kind } from './charts';
import { figuresOf, type TableText } from './figures';

function textOf(table: HTMLTableElement): TableText {
  return {
    headings: [...table.querySelectorAll<HTMLElement>('thead th')].map((heading) => ({
      label: heading.textContent,
      unit: heading.dataset.unit ?? 'text',
      drawn: heading.dataset.drawn !== undefined,
    })),
    rows: [...table.querySelectorAll('tbody tr')].map((row) => ({
      label: row.querySelector('th')?.textContent ?? '',
      values: [...row.querySelectorAll<HTMLElement>('td')].map((cell) => cell.dataset.value),
    })),
  };
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !(target instanceof HTMLElement)) continue;
      seen.unobserve(target);
      const table = target.parentElement?.querySelector('table');
      if (table) draw(target, target.dataset.chart as Kind, figuresOf(textOf(table)));
    }
  },
  { rootMargin: '200px' },
);

for (const place of document.querySelectorAll<HTMLElement>('[data-chart]')) seen.observe(place);
