/** Curves on squared paper. A unit of the drawing is a millimetre of the paper. */

import { pathOf, type Scale, type Sheet, type Trace } from '../study/traces';
import type { Channel, WaveformGroup } from '../study/waveform';
import { svgElement } from './svg';

export interface Curves {
  group: WaveformGroup;
  sheet: Sheet;
  scale: Scale;
  /** The values of each channel, and the second of the recording with which they begin. */
  values: readonly Float32Array[];
  start: number;
  /** Words at points in time. */
  marks: readonly { text: string; seconds: number }[];
}

const square = 5;
const pulseLeft = 2;
const pulseWidth = 4;
const mostMarks = 300;
let drawings = 0;

export function waveformSheet({ group, sheet, scale, values, start, marks }: Curves): SVGSVGElement {
  drawings += 1;
  const paper = `viewer-paper-${drawings}`;
  const { width, height, traces } = sheet;
  const settings = { frequency: group.frequency, start, speed: scale.speed };
  return svgElement(
    'svg',
    {
      class: 'viewer-sheet',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': `${group.label}: ${traces.map(({ name }) => name).join(', ')}`,
      'data-speed': scale.speed,
      'data-gain': scale.gain,
    },
    svgElement('defs', {}, paperPattern(paper)),
    svgElement('rect', { class: 'viewer-sheet-paper', width, height, fill: `url(#${paper})` }),
    ...traces.flatMap((trace) => {
      const channel = group.channels[trace.channel];
      const samples = values[trace.channel];
      if (!channel || !samples) return [];
      return [
        ...calibration(trace, channel, scale),
        svgElement('path', {
          class: 'viewer-trace',
          'data-channel': trace.name,
          d: pathOf(trace, samples, { ...settings, skew: channel.skew }),
        }),
        name(trace),
      ];
    }),
    ...marks.slice(0, mostMarks).flatMap(({ text, seconds }) => mark(text, seconds, sheet, scale)),
  );
}

function paperPattern(id: string): SVGPatternElement {
  const fine = Array.from({ length: square - 1 }, (_, index) => index + 1)
    .map((at) => `M${at} 0V${square}M0 ${at}H${square}`)
    .join('');
  return svgElement(
    'pattern',
    { id, width: square, height: square, patternUnits: 'userSpaceOnUse' },
    svgElement('path', { class: 'viewer-sheet-fine', d: fine }),
    svgElement('path', { class: 'viewer-sheet-bold', d: `M0 0H${square}M0 0V${square}` }),
  );
}

function name({ name: words, legend, left, zero }: Trace): SVGTextElement {
  const label = svgElement('text', { class: 'viewer-trace-name', x: left + 1, y: zero - 11 }, words);
  if (legend) label.append(svgElement('tspan', { class: 'viewer-trace-legend', dx: 2 }, legend));
  return label;
}

/** The pulse of 1 mV at the beginning of a row, by which an electrocardiogram is read. */
function calibration({ left, zero }: Trace, { millivolts }: Channel, { gain }: Scale): SVGElement[] {
  if (millivolts === undefined || left > pulseLeft + 2 * pulseWidth) return [];
  const d = `M${pulseLeft - 1} ${zero}h1v${-gain}h${pulseWidth}v${gain}h1`;
  return [svgElement('path', { class: 'viewer-trace viewer-pulse', d })];
}

/** Over the rows that show that moment; where the leads follow one another, over the rhythm strip alone. */
function mark(text: string, seconds: number, { traces, height }: Sheet, { speed }: Scale): SVGElement[] {
  const trace = traces.at(-1);
  if (!trace || seconds < trace.from || seconds > trace.to) return [];
  const x = trace.left + (seconds - trace.from) * speed;
  const top = traces[0]?.to === trace.to ? 2 : trace.zero - 13;
  return [
    svgElement('path', { class: 'viewer-sheet-mark', d: `M${x} ${top}V${height - 2}` }),
    svgElement('text', { class: 'viewer-trace-legend', x: x + 0.6, y: top + 2.4 }, text),
  ];
}
