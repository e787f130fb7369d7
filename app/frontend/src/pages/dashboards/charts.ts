/** Draws the figures of a table with Chart.js, in the colours of the pages. */

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { ChartConfiguration, ChartDataset, ChartOptions } from 'chart.js';
import { type Figures, inWords, minuteStep, type Series, type Unit } from './figures';

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

export type Kind = 'lines' | 'columns' | 'bars' | 'stacked';
type Drawn = 'bar' | 'line';
type Dataset = ChartDataset<Drawn, (number | null)[]>;

const ROW_REM = 1.6;
const AROUND_REM = 5;
const REM_OF_ROWS_MOST = 40;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws in `place`; bars that lie get as much height as they have rows. */
export function draw(place: HTMLElement, kind: Kind, figures: Figures): void {
  const canvas = place.querySelector('canvas');
  if (!canvas) return;
  if (kind === 'bars') {
    const rows = figures.labels.length * figures.series.length ** 0.5;
    place.style.height = `${Math.min(rows * ROW_REM + AROUND_REM, REM_OF_ROWS_MOST)}rem`;
  }
  new Chart(canvas, configuration(kind, figures));
}

function configuration(kind: Kind, figures: Figures): ChartConfiguration<Drawn, (number | null)[], string> {
  const lies = kind === 'bars';
  const unit = figures.series[0]?.unit ?? 'count';
  const [names, values] = [nameScale(kind), valueScale(kind, figures, unit)];
  return {
    type: kind === 'lines' ? 'line' : 'bar',
    data: {
      labels: figures.labels,
      datasets: figures.series.map((series, place) => dataset(kind, series, place)),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: lies ? 'y' : 'x',
      interaction: { mode: 'index', axis: lies ? 'y' : 'x', intersect: false },
      scales: lies ? { x: values, y: names } : { x: names, y: values },
      plugins: {
        legend: {
          display: figures.series.length > 1,
          position: 'bottom',
          labels: { color: token('--text-secondary'), boxWidth: 14, boxHeight: 8 },
        },
        tooltip: {
          callbacks: {
            label: ({ dataset: { label }, raw }) =>
              `${label ?? ''}: ${typeof raw === 'number' ? inWords(raw, unit) : '–'}`,
          },
        },
      },
    },
  };
}

/** Series differ by their colour and, as lines, by their dashes and points. */
function dataset(kind: Kind, series: Series, place: number): Dataset {
  const colours =
    kind === 'stacked' ? ['--danger', '--warning', '--accent'] : ['--accent', '--warning', '--success'];
  const colour = token(colours[place % colours.length] ?? '--accent');
  const common = {
    label: series.label,
    data: series.values,
    backgroundColor: colour,
    borderColor: colour,
  };
  if (kind !== 'lines') return { ...common, maxBarThickness: 22 };
  const points = ['circle', 'triangle', 'rect'] as const;
  const dashes = [[], [6, 4], [2, 3]];
  return {
    ...common,
    borderWidth: 2,
    borderDash: dashes[place % dashes.length] ?? [],
    pointStyle: points[place % points.length] ?? 'circle',
    pointRadius: 3,
    spanGaps: true,
    tension: 0,
  };
}

type Scale = NonNullable<NonNullable<ChartOptions<Drawn>['scales']>[string]>;

function nameScale(kind: Kind): Scale {
  return {
    stacked: kind === 'stacked',
    grid: { display: false },
    border: { color: token('--border') },
    ticks: { color: token('--text-secondary'), autoSkip: kind !== 'bars', maxRotation: 0 },
  };
}

function valueScale(kind: Kind, figures: Figures, unit: Unit): Scale {
  const largest = Math.max(0, ...figures.series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return {
    stacked: kind === 'stacked',
    beginAtZero: true,
    grid: { color: token('--border-subtle') },
    border: { display: false },
    ticks: {
      color: token('--text-secondary'),
      ...(unit === 'minutes' ? { stepSize: minuteStep(largest) } : { precision: unit === 'count' ? 0 : 1 }),
      callback: (value: number | string) =>
        unit === 'minutes' ? shortTime(Number(value)) : inWords(Number(value), unit),
    },
  };
}

/** On an axis '4 h' is enough where the minutes are none. */
function shortTime(minutes: number): string {
  return inWords(minutes, 'minutes').replace(/ 0 (min|h)$/, '');
}
