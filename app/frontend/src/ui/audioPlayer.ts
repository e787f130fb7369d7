/** Plays a recorded voice and shows its curve; a click on the curve goes to that moment. */

import { extremes } from '../study/traces';
import { contentFrame, controlButton } from './contentFrame';
import { element, setText } from './dom';
import { icon } from './icons';
import { svgElement } from './svg';

const [width, height] = [1000, 120];

export class AudioPlayer {
  readonly element: HTMLElement;
  private readonly play = controlButton('Play', 'play', () => this.toggle());
  private readonly place = element('output', { class: 'viewer-content-place' });
  private readonly slider = element('input', {
    type: 'range',
    class: 'viewer-video-slider',
    min: 0,
    step: 0.01,
    value: 0,
    'aria-label': 'Place in the recording',
  });
  private context: AudioContext | undefined;
  private source: AudioBufferSourceNode | undefined;
  private position = 0;
  private startedAt = 0;

  /** `channels` are samples of any size: they are brought to the loudness that can be played. */
  constructor(
    title: string,
    private readonly channels: readonly Float32Array[],
    private readonly frequency: number,
  ) {
    const { element: frame, body } = contentFrame(title, this.play, this.slider, this.place);
    this.element = frame;
    this.slider.max = String(this.seconds);
    this.slider.addEventListener('input', () => this.goTo(this.slider.valueAsNumber));
    body.classList.add('viewer-audio');
    body.append(this.curve());
    this.show();
  }

  close(): void {
    this.source?.stop();
    this.source = undefined;
    void this.context?.close();
    this.context = undefined;
  }

  private get seconds(): number {
    return (this.channels[0]?.length ?? 0) / this.frequency;
  }

  private get now(): number {
    if (!this.source || !this.context) return this.position;
    return Math.min(this.seconds, this.position + this.context.currentTime - this.startedAt);
  }

  private toggle(): void {
    if (this.source) this.pause();
    else this.begin();
  }

  private begin(): void {
    this.context ??= new AudioContext();
    if (this.position >= this.seconds - 0.01) this.position = 0;
    const source = new AudioBufferSourceNode(this.context, { buffer: this.buffer() });
    source.connect(this.context.destination);
    source.addEventListener('ended', () => {
      if (this.source === source) this.pause();
    });
    this.startedAt = this.context.currentTime;
    source.start(0, this.position);
    this.source = source;
    this.follow();
  }

  private pause(): void {
    this.position = this.now;
    const { source } = this;
    this.source = undefined;
    source?.stop();
    this.show();
  }

  private goTo(seconds: number): void {
    const isPlaying = this.source !== undefined;
    if (isPlaying) this.pause();
    this.position = seconds;
    if (isPlaying) this.begin();
    this.show();
  }

  private buffer(): AudioBuffer {
    const buffer = new AudioBuffer({
      length: this.channels[0]?.length ?? 1,
      numberOfChannels: this.channels.length,
      sampleRate: this.frequency,
    });
    const loudest = this.loudest();
    this.channels.forEach((samples, index) => {
      buffer.copyToChannel(
        samples.map((sample) => (Number.isNaN(sample) ? 0 : sample / loudest)),
        index,
      );
    });
    return buffer;
  }

  private loudest(): number {
    const peaks = this.channels.flatMap((samples) => extremes(samples)).map(Math.abs);
    return Math.max(...peaks.filter(Number.isFinite), 1e-9);
  }

  private follow(): void {
    this.show();
    if (this.source) requestAnimationFrame(() => this.follow());
  }

  private show(): void {
    const label = this.source ? 'Stop' : 'Play';
    if (this.play.title !== label || this.play.childElementCount === 0) {
      this.play.replaceChildren(icon(this.source ? 'pause' : 'play'));
      this.play.title = label;
      this.play.setAttribute('aria-label', label);
    }
    this.slider.value = String(this.now);
    setText(this.place, `${this.now.toFixed(1)} / ${this.seconds.toFixed(1)} s`);
  }

  private curve(): SVGSVGElement {
    const samples = this.channels[0] ?? new Float32Array();
    const step = Math.max(1, Math.floor(samples.length / width));
    const loudest = this.loudest();
    const parts: string[] = [];
    for (let at = 0; at < samples.length; at += step) {
      const [least, greatest] = extremes(samples, at, Math.min(at + step, samples.length));
      if (Number.isNaN(least)) continue;
      const x = (at / samples.length) * width;
      const y = (value: number): string => (height / 2 - (value / loudest) * (height / 2 - 4)).toFixed(1);
      parts.push(`M${x.toFixed(1)} ${y(least)}V${y(greatest)}`);
    }
    const drawing = svgElement(
      'svg',
      {
        class: 'viewer-audio-curve',
        viewBox: `0 0 ${width} ${height}`,
        preserveAspectRatio: 'none',
        role: 'img',
      },
      svgElement('path', { class: 'viewer-trace', d: parts.join('') }),
    );
    drawing.addEventListener('click', (event) => {
      const { left, width: shown } = drawing.getBoundingClientRect();
      this.goTo(((event.clientX - left) / shown) * this.seconds);
    });
    return drawing;
  }
}
