/** A structured report to be read: headings, values, tables, and links to the images that it speaks of. */

import type { Reference, Report, ReportItem } from '../study/report';
import { blocksOf, type ReportTable } from '../study/reportTables';
import { element } from './dom';

export interface ReportEvents {
  /** The words of a link; undefined where the object is not in this study. */
  labelOf(reference: Reference): string | undefined;
  /** Words that say more, once they are known. */
  placeOf(reference: Reference): Promise<string | undefined>;
  open(reference: Reference): void;
  /** Shows what was left out. */
  showMore(): void;
}

/** Headings beyond this look alike, and stand no further to the right. */
const deepest = 6;

export function reportView(report: Report, events: ReportEvents): HTMLElement {
  return element(
    'article',
    { class: 'viewer-report', 'aria-label': 'Report' },
    element(
      'header',
      {},
      element('h2', {}, report.title),
      element(
        'p',
        { class: 'viewer-report-marks' },
        ...report.marks.map(({ text, isWarning }) =>
          element('span', { class: 'viewer-mark', 'data-warning': isWarning }, text),
        ),
      ),
      element('dl', {}, ...report.facts.flatMap(({ label, value }) => pair(label, value))),
    ),
    report.context.length > 0 &&
      element(
        'details',
        { class: 'viewer-report-context' },
        element('summary', {}, 'Context of the observations'),
        ...content(report.context, 1, events),
      ),
    ...content(report.items, 1, events),
    report.items.length === 0 && element('p', { class: 'viewer-report-empty' }, 'The report has no content.'),
    report.omitted > 0 && more(report.omitted, events),
  );
}

function pair(label: string, value: string): HTMLElement[] {
  return [element('dt', {}, label), element('dd', {}, value)];
}

function content(items: readonly ReportItem[], depth: number, events: ReportEvents): HTMLElement[] {
  return blocksOf(items).map((block) =>
    'table' in block ? table(block.table) : itemElement(block.item, depth, events),
  );
}

function itemElement(item: ReportItem, depth: number, events: ReportEvents): HTMLElement {
  const isSection = item.kind === 'CONTAINER';
  const level = Math.min(depth, deepest);
  const nested =
    item.children.length > 0 &&
    element('div', { class: 'viewer-report-nested' }, ...content(item.children, depth + 1, events));
  if (isSection) {
    return element('section', { 'data-level': level }, sectionHeading(item.name, level), nested);
  }
  return element(
    'div',
    { class: 'viewer-report-item', 'data-kind': item.kind },
    element(
      'p',
      {},
      item.name !== '' && element('span', { class: 'viewer-report-name' }, item.name),
      item.value !== '' && element('span', { class: 'viewer-report-value' }, item.value),
      ...item.references.map((reference) => link(reference, events)),
    ),
    nested,
  );
}

function sectionHeading(name: string, level: number): HTMLElement | false {
  return (
    name !== '' &&
    element('div', { class: 'viewer-report-heading', role: 'heading', 'aria-level': level + 2 }, name)
  );
}

function link(reference: Reference, events: ReportEvents): HTMLElement {
  const label = events.labelOf(reference);
  if (label === undefined) {
    return element('span', { class: 'viewer-report-elsewhere' }, 'An object of another study');
  }
  const button = element('button', { type: 'button', class: 'viewer-link' }, label);
  button.addEventListener('click', () => events.open(reference));
  void events.placeOf(reference).then((place) => {
    if (place !== undefined) button.textContent = place;
  });
  return button;
}

function table({ name, columns, rows }: ReportTable): HTMLElement {
  return element(
    'div',
    { class: 'viewer-report-table', tabindex: 0, role: 'region', 'aria-label': name },
    element(
      'table',
      {},
      element('caption', {}, name),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', { scope: 'col' }, '#'),
          ...columns.map((column) => element('th', { scope: 'col' }, column)),
        ),
      ),
      element(
        'tbody',
        {},
        ...rows.map((row, index) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, String(index + 1)),
            ...row.map((value) => element('td', {}, value)),
          ),
        ),
      ),
    ),
  );
}

function more(omitted: number, events: ReportEvents): HTMLElement {
  const button = element('button', { type: 'button', class: 'viewer-button viewer-primary' }, 'Show more');
  button.addEventListener('click', () => events.showMore());
  const items = omitted === 1 ? '1 more item is' : `${omitted} more items are`;
  return element('p', { class: 'viewer-report-more' }, `${items} not shown. `, button);
}
