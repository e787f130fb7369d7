/** A recording of curves to be read: its paper, the choices of how it is drawn, and what was written beside it. */

import {
  caliperText,
  extremes,
  gains,
  hasStandardLeads,
  rowsSheet,
  speeds,
  standardSheet,
  traceAt,
  type Scale,
  type Sheet,
} from '../study/traces';
import type { WaveformAnnotation, WaveformGroup } from '../study/waveform';
import { addCaliper } from './caliper';
import { contentFrame, contentNotice, controlButton, selectBox } from './contentFrame';
import { element, setText } from './dom';
import { waveformSheet } from './waveformSheet';

export interface WaveformContent {
  title: string;
  /** Whose recording it is and when it was made: what stands over the curves on paper. */
  identity: string;
  groups: readonly WaveformGroup[];
  annotations: readonly WaveformAnnotation[];
  /** The physical values of each channel, `count` of them from sample `first` on. */
  load(group: WaveformGroup, first: number, count: number): Promise<Float32Array[]>;
  /** What the reader is told when that fails. */
  reasonFor(error: unknown): string;
}

/** What is shown at once of a long recording, in seconds. */
const pageSeconds = 10;
const mostMarks = 20;
const [leastSize, mostSize] = [2.4, 6]; // points of the screen in a millimetre

export class WaveformView {
  readonly element: HTMLElement;
  private readonly body: HTMLElement;
  private readonly paper = element('div', { class: 'viewer-waveform-paper' });
  private readonly place = element('output', { class: 'viewer-content-place' });
  private readonly slider = element('input', {
    type: 'range',
    min: 0,
    step: 1,
    'aria-label': 'Part of the recording',
  });
  private readonly paging: HTMLElement;
  private readonly arrangement: HTMLSelectElement;
  private readonly gain: HTMLSelectElement;
  private readonly resizing: ResizeObserver;
  private readonly marks: HTMLButtonElement;
  private scale: Scale = { speed: 25, gain: 10 };
  private isStandard = true;
  private group: WaveformGroup | undefined;
  private page = 0;
  private drawn = 0;

  constructor(private readonly content: WaveformContent) {
    [this.group] = content.groups;
    this.paging = element(
      'span',
      { class: 'viewer-content-group', role: 'group', 'aria-label': 'Place in the recording' },
      controlButton('Earlier', 'previous', () => this.turn(-1)),
      this.slider,
      controlButton('Later', 'next', () => this.turn(1)),
      this.place,
    );
    this.arrangement = this.arrangementBox();
    this.gain = selectBox(
      'Gain',
      gains.map((gain) => ({ value: String(gain), label: `${gain} mm/mV` })),
      '10',
      (value) => this.change({ gain: Number(value) }),
    );
    this.marks = this.marksButton();
    const { element: frame, body } = contentFrame(content.title, ...this.controls());
    this.element = frame;
    this.body = body;
    const heading = element('p', { class: 'viewer-print-only' }, `${content.title} · ${content.identity}`);
    this.body.append(heading, this.paper, this.notes());
    this.resizing = new ResizeObserver(() => this.fit());
    this.resizing.observe(this.body);
    this.slider.addEventListener('input', () => this.goTo(this.slider.valueAsNumber));
    this.choose(0);
  }

  close(): void {
    this.drawn += 1;
    this.resizing.disconnect();
  }

  private controls(): HTMLElement[] {
    const { groups } = this.content;
    const groupBox = selectBox(
      'Group',
      groups.map(({ label }, index) => ({ value: String(index), label })),
      '0',
      (value) => this.choose(Number(value)),
    );
    const speedBox = selectBox(
      'Speed',
      speeds.map((speed) => ({ value: String(speed), label: `${speed} mm/s` })),
      '25',
      (value) => this.change({ speed: Number(value) }),
    );
    return [
      ...(groups.length > 1 ? [groupBox] : []),
      this.arrangement,
      speedBox,
      this.gain,
      this.marks,
      this.paging,
      controlButton('Print', 'print', () => window.print()),
    ];
  }

  private arrangementBox(): HTMLSelectElement {
    const choices = [
      { value: 'standard', label: '3 × 4 + rhythm' },
      { value: 'rows', label: 'All channels in rows' },
    ];
    return selectBox('Arrangement', choices, 'standard', (value) => {
      this.isStandard = value === 'standard';
      this.goTo(0);
    });
  }

  /** Devices mark each wave of each beat: that many hide the curve. */
  private marksButton(): HTMLButtonElement {
    const count = this.content.annotations.flatMap(({ at }) => at).length;
    const button = element(
      'button',
      {
        type: 'button',
        class: 'viewer-button',
        'aria-pressed': String(count <= mostMarks),
        hidden: count === 0,
      },
      'Marks',
    );
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(!this.showsMarks));
      void this.draw();
    });
    return button;
  }

  private get showsMarks(): boolean {
    return this.marks.getAttribute('aria-pressed') === 'true';
  }

  private choose(index: number): void {
    this.group = this.content.groups[index];
    const { group } = this;
    if (!group) {
      this.paper.replaceChildren(contentNotice('Nothing to draw', 'The recording holds no samples.'));
      return;
    }
    this.arrangement.hidden = !hasStandardLeads(group);
    this.gain.hidden = group.channels.every(({ millivolts }) => millivolts === undefined);
    this.goTo(0);
  }

  private change(part: Partial<Scale>): void {
    this.scale = { ...this.scale, ...part };
    void this.draw();
  }

  private turn(delta: 1 | -1): void {
    this.goTo(this.page + delta);
  }

  private get usesStandard(): boolean {
    return this.isStandard && this.group !== undefined && hasStandardLeads(this.group);
  }

  private goTo(page: number): void {
    if (!this.group) return;
    const seconds = this.group.sampleCount / this.group.frequency;
    // A recording of little more than a page stays in one piece.
    const count = seconds <= 1.5 * pageSeconds ? 1 : Math.ceil(seconds / pageSeconds);
    this.page = Math.max(0, Math.min(page, count - 1));
    this.paging.hidden = count === 1;
    this.slider.max = String(count - 1);
    this.slider.value = String(this.page);
    void this.draw();
  }

  /** The part of the recording on the page, in seconds. */
  private span(group: WaveformGroup): [number, number] {
    const seconds = group.sampleCount / group.frequency;
    if (this.paging.hidden) return [0, seconds];
    return [this.page * pageSeconds, Math.min((this.page + 1) * pageSeconds, seconds)];
  }

  private async draw(): Promise<void> {
    const { group } = this;
    if (!group) return;
    this.drawn += 1;
    const turn = this.drawn;
    const [from, to] = this.span(group);
    setText(this.place, `${clock(from)}–${clock(to)} of ${clock(group.sampleCount / group.frequency)}`);
    const first = Math.round(from * group.frequency);
    try {
      const values = await this.content.load(group, first, Math.round(to * group.frequency) - first);
      if (turn === this.drawn) this.show(group, values, [from, to]);
    } catch (error) {
      if (turn !== this.drawn) return;
      const again = element('button', { type: 'button', class: 'viewer-button viewer-primary' }, 'Try again');
      again.addEventListener('click', () => void this.draw());
      this.paper.replaceChildren(
        contentNotice('The curves could not be loaded', this.content.reasonFor(error), again),
      );
    }
  }

  private show(group: WaveformGroup, values: Float32Array[], span: readonly [number, number]): void {
    const { scale } = this;
    const sheet: Sheet = this.usesStandard
      ? standardSheet(group, scale)
      : rowsSheet(
          group,
          scale,
          span,
          values.map((channel) => extremes(channel)),
        );
    const index = this.content.groups.indexOf(group);
    const marks = this.annotationsShown().flatMap(({ text, at }) =>
      at.filter((point) => point.group === index).map(({ seconds }) => ({ text, seconds })),
    );
    const drawing = waveformSheet({ group, sheet, scale, values, start: span[0], marks });
    addCaliper(drawing, (across, down, { y }) => caliperText(across, down, scale, traceAt(sheet, y)?.ruler));
    this.paper.replaceChildren(drawing, this.legend(group));
    this.paper.style.setProperty('--sheet-width', String(sheet.width));
    this.fit();
  }

  private annotationsShown(): readonly WaveformAnnotation[] {
    return this.showsMarks ? this.content.annotations : [];
  }

  /** How it was recorded, and what the drawing means. */
  private legend({ channels, frequency }: WaveformGroup): HTMLElement {
    const filters = [...new Set(channels.map(({ filter }) => filter).filter(Boolean))];
    const hasVoltage = !this.gain.hidden;
    const words = [
      `${this.scale.speed} mm/s`,
      hasVoltage && `${this.scale.gain} mm/mV`,
      `${frequency} samples/s`,
      ...filters,
      'drag to measure',
    ].filter((part) => part !== false);
    return element('p', { class: 'viewer-details viewer-waveform-legend' }, words.join(' · '));
  }

  private notes(): HTMLElement {
    const texts = this.content.annotations.filter(({ at }) => at.length === 0).map(({ text }) => text);
    return element(
      'ul',
      { class: 'viewer-waveform-notes', 'aria-label': 'Written by the device', hidden: texts.length === 0 },
      ...texts.map((text) => element('li', {}, text)),
    );
  }

  /** As large as the pane allows a page of the usual speed to be. */
  private fit(): void {
    const drawing = this.paper.querySelector('svg');
    if (!drawing) return;
    const { width, height } = drawing.viewBox.baseVal;
    const usual = (width * 25) / this.scale.speed;
    const room = Math.min((this.body.clientWidth - 24) / usual, (this.body.clientHeight - 56) / height);
    const size = Math.min(mostSize, Math.max(leastSize, room));
    drawing.style.width = `${width * size}px`;
  }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
