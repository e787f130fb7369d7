/** Groups of a report that repeat, such as the exposures of a dose report, as rows of a table. */

import type { ReportItem } from './report';

export interface ReportTable {
  name: string;
  columns: string[];
  /** A row per group; a cell is empty where the group does not say. */
  rows: string[][];
}

export type Block = { item: ReportItem } | { table: ReportTable };

const leastRows = 2;
const leastColumns = 3;
const longestCell = 120;

/** What is asked for first, by concept (PS3.16 TID 10003 and 10013): when, what, how much. */
const first = [
  'DCM:111526', // DateTime Started
  'DCM:125203', // Acquisition Protocol
  'DCM:123014', // Target Region
  'DCM:113820', // CT Acquisition Type
  'DCM:113764', // Acquisition Plane
  'DCM:113721', // Irradiation Event Type
  'DCM:113830', // Mean CTDIvol
  'DCM:113838', // DLP
  'DCM:122130', // Dose Area Product
  'DCM:113738', // Dose (RP)
];

/** Puts runs of like groups into tables, and leaves everything else as it is. */
export function blocksOf(items: readonly ReportItem[]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < items.length;) {
    const run = runFrom(items, at);
    const table = run.length >= leastRows ? tableOf(run) : undefined;
    if (table) blocks.push({ table });
    else blocks.push(...run.map((item) => ({ item })));
    at += run.length;
  }
  return blocks;
}

function runFrom(items: readonly ReportItem[], start: number): ReportItem[] {
  const [head, ...rest] = items.slice(start);
  if (head?.kind !== 'CONTAINER') return head ? [head] : [];
  const other = rest.findIndex(({ kind, concept }) => kind !== 'CONTAINER' || concept !== head.concept);
  return [head, ...(other < 0 ? rest : rest.slice(0, other))];
}

/** Undefined where a table would lose something, or be no help. */
function tableOf(groups: readonly ReportItem[]): ReportTable | undefined {
  const cells = groups.map((group) => leavesOf(group));
  if (cells.some((leaves) => leaves.some(isNoCell))) return undefined;
  const columns = new Map<string, { name: string; concept: string }>();
  for (const leaf of cells.flat()) {
    if (leaf.kind !== 'UIDREF' && !columns.has(keyOf(leaf))) columns.set(keyOf(leaf), leaf);
  }
  if (columns.size < leastColumns) return undefined;
  const keys = [...columns.keys()].sort((a, b) => rank(columns.get(a)) - rank(columns.get(b)));
  return {
    name: groups[0]?.name ?? '',
    columns: keys.map((key) => columns.get(key)?.name ?? ''),
    rows: cells.map((leaves) => keys.map((key) => cell(leaves, key))),
  };
}

function leavesOf(group: ReportItem): ReportItem[] {
  return group.children.flatMap((child) =>
    child.kind === 'CONTAINER' ? leavesOf(child) : [child, ...leavesOf(child)],
  );
}

function isNoCell({ kind, value, references }: ReportItem): boolean {
  return references.length > 0 || value.length > longestCell || kind === 'SCOORD' || kind === 'SCOORD3D';
}

function keyOf({ concept, name }: ReportItem): string {
  return `${concept} ${name}`;
}

function rank(column: { concept: string } | undefined): number {
  const place = first.indexOf(column?.concept ?? '');
  return place < 0 ? first.length : place;
}

function cell(leaves: readonly ReportItem[], key: string): string {
  return leaves
    .filter((leaf) => keyOf(leaf) === key)
    .map(({ value }) => value)
    .join('; ');
}
