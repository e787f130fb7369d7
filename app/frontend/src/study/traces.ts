/** How curves are laid out on paper: everything in millimetres, as on an electrocardiograph. */

import { formatNumber } from './format';
import { withUnit } from './units';
import type { Channel, WaveformGroup } from './waveform';

export type Arrangement = 'standard' | 'rows';

export interface Scale {
  /** Millimetres of paper in a second. */
  speed: number;
  /** Millimetres in a millivolt. */
  gain: number;
}

export interface Ruler {
  unit: string;
  /** Millimetres of paper in a unit. */
  millimetres: number;
}

export interface Trace {
  channel: number;
  name: string;
  /** The part of the recording that it shows, in seconds. */
  from: number;
  to: number;
  /** Where it begins, and where its zero lies. */
  left: number;
  zero: number;
  /** Millimetres in a unit of the channel. */
  millimetresPerUnit: number;
  /** The physical value that lies on the line of the trace: 0 for voltages. */
  reference: number;
  /** In what heights are measured: voltages in millivolts, everything else in the channel's unit. */
  ruler: Ruler;
  /** What a centimetre means, for what is no voltage. */
  legend: string;
}

export interface Sheet {
  width: number;
  height: number;
  traces: Trace[];
}

export const speeds = [12.5, 25, 50] as const;
export const gains = [5, 10, 20] as const;

const rowHeight = 28;
const margin = 10;
const columns = 4;
const standardLeads = ['I', 'aVR', 'V1', 'V4', 'II', 'aVL', 'V2', 'V5', 'III', 'aVF', 'V3', 'V6'] as const;
const rhythmLead = 'II';
/** Longer recordings are read page by page. */
const standardSeconds = 10;

/** Whether the twelve leads are all there, in a recording that fits on a page. */
export function hasStandardLeads({ channels, sampleCount, frequency }: WaveformGroup): boolean {
  const names = new Set(channels.map(({ name }) => name));
  const seconds = sampleCount / frequency;
  return (
    standardLeads.every((lead) => names.has(lead)) && seconds >= columns && seconds <= standardSeconds * 1.5
  );
}

/** Three rows of four leads, one after the other in time as electrocardiographs print them, and a rhythm strip. */
export function standardSheet(group: WaveformGroup, scale: Scale): Sheet {
  const seconds = Math.min(standardSeconds, group.sampleCount / group.frequency);
  const part = seconds / columns;
  const height = rowHeightFor(scale);
  const traces = standardLeads.map((lead, index): Trace => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    return traceOf(
      group,
      lead,
      [column * part, (column + 1) * part],
      row,
      column * part * scale.speed,
      scale,
    );
  });
  const rhythm = traceOf(group, rhythmLead, [0, seconds], 3, 0, scale);
  return {
    width: seconds * scale.speed + 2 * margin,
    height: 4 * height + margin,
    traces: [...traces, rhythm],
  };
}

/** A row for each of the chosen channels. `ranges` are the least and the greatest value of each channel. */
export function rowsSheet(
  group: WaveformGroup,
  scale: Scale,
  [from, to]: readonly [number, number],
  ranges: readonly (readonly [number, number])[],
): Sheet {
  const traces = group.channels.map((channel, index): Trace => {
    const fitted = fitFor(channel, ranges[index] ?? [0, 0], scale);
    return {
      channel: index,
      name: channel.name,
      from,
      to,
      left: margin,
      zero: margin / 2 + (index + 0.5) * rowHeightFor(scale),
      ...fitted,
    };
  });
  return {
    width: (to - from) * scale.speed + 2 * margin,
    height: group.channels.length * rowHeightFor(scale) + margin,
    traces,
  };
}

function rowHeightFor({ gain }: Scale): number {
  return gain > 10 ? 1.6 * rowHeight : rowHeight;
}

function traceOf(
  group: WaveformGroup,
  lead: string,
  [from, to]: readonly [number, number],
  row: number,
  left: number,
  scale: Scale,
): Trace {
  const channel = group.channels.findIndex(({ name }) => name === lead);
  const millivolts = group.channels[channel]?.millivolts ?? 1;
  return {
    channel,
    name: lead,
    from,
    to,
    left: left + margin,
    zero: margin / 2 + (row + 0.5) * rowHeightFor(scale),
    millimetresPerUnit: millivolts * scale.gain,
    reference: 0,
    ruler: { unit: 'mV', millimetres: scale.gain },
    legend: '',
  };
}

type Fit = Pick<Trace, 'millimetresPerUnit' | 'reference' | 'ruler' | 'legend'>;

/** Voltages have the reader's gain; anything else is made to fit, at a round number of units a centimetre. */
function fitFor(
  { millivolts, unit }: Channel,
  [least, greatest]: readonly [number, number],
  scale: Scale,
): Fit {
  if (millivolts !== undefined) {
    const ruler = { unit: 'mV', millimetres: scale.gain };
    return { millimetresPerUnit: millivolts * scale.gain, reference: 0, ruler, legend: '' };
  }
  const perCentimetre = roundUp((greatest - least) / ((rowHeightFor(scale) - 8) / 10));
  const middle = Math.round((greatest + least) / 2 / perCentimetre) * perCentimetre;
  const words = `${formatNumber(perCentimetre, 3)} ${unit}`.trim();
  return {
    millimetresPerUnit: 10 / perCentimetre,
    ruler: { unit, millimetres: 10 / perCentimetre },
    reference: middle,
    legend: `${words}/cm, line at ${formatNumber(middle, 3)}`,
  };
}

/** The next of 1, 2 and 5 times a power of ten. */
function roundUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

/**
 * The line of a trace as the data of an SVG path, in millimetres.
 *
 * `values` begin `start` seconds after the recording does. Where many samples fall on the same place, the least and the
 * greatest of them are drawn, so that no spike is lost; a gap in the signal is a gap in the line.
 */
export function pathOf(
  trace: Trace,
  values: Float32Array,
  { frequency, start, skew, speed }: { frequency: number; start: number; skew: number; speed: number },
): string {
  const first = Math.max(0, Math.ceil((trace.from - start - skew) * frequency));
  const last = Math.min(values.length, Math.floor((trace.to - start - skew) * frequency) + 1);
  const perStep = Math.max(1, Math.floor((finest * frequency) / speed));
  const parts: string[] = [];
  let isDrawing = false;
  for (let at = first; at < last; at += perStep) {
    const [least, greatest] = extremes(values, at, Math.min(at + perStep, last));
    if (Number.isNaN(least)) {
      isDrawing = false;
      continue;
    }
    const x = (trace.left + (start + skew + at / frequency - trace.from) * speed).toFixed(2);
    const height = (value: number): string =>
      (trace.zero - (value - trace.reference) * trace.millimetresPerUnit).toFixed(3);
    parts.push(`${isDrawing ? 'L' : 'M'}${x} ${height(greatest)}`);
    if (least !== greatest) parts.push(`L${x} ${height(least)}`);
    isDrawing = true;
  }
  return parts.join('');
}

/** Millimetres: closer samples are drawn as one stroke. */
const finest = 0.05;

export function extremes(values: Float32Array, from = 0, to = values.length): [number, number] {
  let least = Number.NaN;
  let greatest = Number.NaN;
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? Number.NaN;
    if (!(value >= least)) least = Number.isNaN(value) ? least : value;
    if (!(value <= greatest)) greatest = Number.isNaN(value) ? greatest : value;
  }
  return [least, greatest];
}

/** What lies between two points of the paper: time, the rate it amounts to, and the difference in a trace's unit. */
export function caliperText(
  across: number,
  down: number,
  { speed }: Scale,
  ruler: Ruler | undefined,
): string {
  const seconds = Math.abs(across) / speed;
  const milliseconds = `${Math.round(seconds * 1000)} ms`;
  const rate = seconds >= 0.15 ? `${Math.round(60 / seconds)} bpm` : '';
  const height = ruler && withUnit(formatNumber(Math.abs(down) / ruler.millimetres, 2), ruler.unit);
  return [milliseconds, rate, height].filter(Boolean).join(' · ');
}

/** The trace whose line runs nearest to a height on the paper: all of a row have the same ruler. */
export function traceAt({ traces }: Sheet, y: number): Trace | undefined {
  return [...traces].sort((a, b) => Math.abs(a.zero - y) - Math.abs(b.zero - y))[0];
}
