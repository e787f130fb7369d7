/** Plays a video, and stands still at any of its frames. */

import { contentFrame, contentNotice, controlButton, downloadLink, selectBox } from './contentFrame';
import { element, setText } from './dom';
import { icon, type IconName } from './icons';

export interface VideoContent {
  title: string;
  url: string;
  /** Frames per second, as the object states them. */
  rate: number;
  frameCount: number | undefined;
}

const rates = [0.25, 0.5, 1, 2, 4];
/** Into the middle of a frame, so that rounding never shows its neighbour. */
const middle = 0.5;

export class VideoPlayer {
  readonly element: HTMLElement;
  private readonly video: HTMLVideoElement;
  private readonly place = element('output', { class: 'viewer-content-place' });
  private readonly slider = element('input', {
    type: 'range',
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    class: 'viewer-video-slider',
    'aria-label': 'Frame',
  });
  private readonly play: HTMLButtonElement;
  private readonly loop: HTMLButtonElement;
  private readonly mute: HTMLButtonElement;
  private readonly body: HTMLElement;

  constructor(private readonly content: VideoContent) {
    const { title, url } = content;
    this.video = element('video', { class: 'viewer-video', preload: 'auto', playsinline: true, src: url });
    this.video.muted = true;
    this.play = controlButton('Play', 'play', () => this.toggle());
    this.loop = controlButton('Repeat', 'repeat', () => this.switchLoop());
    this.mute = controlButton('Sound', 'mute', () => this.switchSound());
    const { element: frame, body } = contentFrame(title, ...this.controls());
    this.element = frame;
    this.body = body;
    body.classList.add('viewer-video-body');
    body.append(this.video);
    this.slider.addEventListener('input', () => this.goTo(this.slider.valueAsNumber));
    this.listen();
    this.switchLoop();
    this.show();
  }

  close(): void {
    this.video.pause();
    this.video.removeAttribute('src');
    this.video.load();
  }

  private controls(): HTMLElement[] {
    return [
      controlButton('Previous frame', 'previous', () => this.step(-1)),
      this.play,
      controlButton('Next frame', 'next', () => this.step(1)),
      this.slider,
      this.place,
      selectBox(
        'Playing speed',
        rates.map((rate) => ({ value: String(rate), label: `${rate}×` })),
        '1',
        (value) => {
          this.video.playbackRate = Number(value);
        },
      ),
      this.loop,
      this.mute,
      downloadLink(this.content.url),
    ];
  }

  private listen(): void {
    for (const event of [
      'play',
      'pause',
      'seeked',
      'timeupdate',
      'loadedmetadata',
      'loadeddata',
      'ended',
      'volumechange',
    ]) {
      this.video.addEventListener(event, () => this.show());
    }
    this.video.addEventListener('error', () => this.fail());
    // Between the browser's own reports of time, which are rare.
    const follow = (): void => {
      this.show();
      if (!this.video.paused) this.video.requestVideoFrameCallback(follow);
    };
    this.video.addEventListener('play', () => this.video.requestVideoFrameCallback(follow));
    this.element.addEventListener('keydown', (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    if (event.target === this.slider) return;
    if (event.key === ' ' && event.target === this.body) {
      event.preventDefault();
      this.toggle();
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.step(step);
  }

  private get frame(): number {
    return Math.min(this.last, Math.max(0, Math.floor(this.video.currentTime * this.content.rate + 1e-6)));
  }

  /** The index of the last frame. */
  private get last(): number {
    const { duration } = this.video;
    const byTime = Number.isFinite(duration) ? Math.round(duration * this.content.rate) : 0;
    return Math.max(0, (byTime || (this.content.frameCount ?? 1)) - 1);
  }

  private toggle(): void {
    if (this.video.paused) void this.video.play().catch(() => this.show());
    else this.video.pause();
  }

  private step(delta: number): void {
    this.video.pause();
    this.goTo(this.frame + delta);
  }

  private goTo(frame: number): void {
    this.video.pause();
    const target = Math.min(this.last, Math.max(0, frame));
    this.video.currentTime = (target + middle) / this.content.rate;
  }

  private switchLoop(): void {
    this.video.loop = !this.video.loop;
    this.loop.setAttribute('aria-pressed', String(this.video.loop));
  }

  private switchSound(): void {
    this.video.muted = !this.video.muted;
  }

  private show(): void {
    const { paused, muted, seeking } = this.video;
    draw(this.play, paused ? 'play' : 'pause', paused ? 'Play' : 'Stop');
    draw(this.mute, muted ? 'mute' : 'sound', muted ? 'Switch sound on' : 'Switch sound off');
    this.slider.max = String(this.last);
    this.slider.value = String(this.frame);
    setText(this.place, `${this.frame + 1} / ${this.last + 1}`);
    this.element.dataset.frame = seeking ? '' : String(this.frame);
    this.element.dataset.state =
      this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? 'ready' : 'loading';
  }

  private fail(): void {
    if (!this.video.hasAttribute('src')) return;
    this.element.dataset.state = 'error';
    this.body.replaceChildren(
      contentNotice(
        'This video could not be played',
        'Its coding is not one that this browser plays, or its data is damaged. Download it to see it in a player.',
        textDownload(this.content.url),
      ),
    );
  }
}

function draw(button: HTMLButtonElement, picture: IconName, label: string): void {
  if (button.dataset.picture === picture) return;
  button.dataset.picture = picture;
  button.replaceChildren(icon(picture));
  button.setAttribute('aria-label', label);
  button.title = label;
}

export function textDownload(href: string): HTMLElement {
  return element(
    'a',
    { class: 'viewer-button viewer-primary', href, download: true },
    icon('download', 16),
    'Download',
  );
}
