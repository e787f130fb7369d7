/** What a chart draws, read from the table that stands below it: chart and table can never differ. */

export type Unit = 'text' | 'count' | 'minutes' | 'percent';

export interface Series {
  label: string;
  unit: Unit;
  values: (number | null)[];
}

export interface Figures {
  labels: string[];
  series: Series[];
}

interface Heading {
  label: string;
  unit: string;
  drawn: boolean;
}

export interface TableText {
  headings: Heading[];
  rows: { label: string; values: (string | undefined)[] }[];
}

/** Returns the drawn columns; the first heading and the rows' labels name the rows. */
export function figuresOf({ headings, rows }: TableText): Figures {
  const series = headings.slice(1).flatMap((heading, column) =>
    heading.drawn
      ? [
          {
            label: heading.label,
            unit: heading.unit as Unit,
            values: rows.map((row) => numberOf(row.values[column])),
          },
        ]
      : [],
  );
  return { labels: rows.map((row) => row.label), series };
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** A value as people read it; durations with the two units that matter. */
export function inWords(value: number, unit: Unit): string {
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  if (unit !== 'minutes') return value.toLocaleString('en-GB');
  const whole = Math.round(value);
  if (whole < HOUR) return `${whole} min`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${whole % HOUR} min`;
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** Steps of an axis of minutes that people know: quarters of an hour, hours, days. */
export function minuteStep(largest: number): number {
  const steps = [
    5,
    15,
    30,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
  ];
  return steps.find((step) => largest / step <= 6) ?? 84 * DAY;
}
