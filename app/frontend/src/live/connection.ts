/** The stream of changes: reconnects by itself, and asks for the page to poll while no stream can be had. */

export type LiveState = 'live' | 'reconnecting' | 'polling';

export interface LiveHandlers {
  /** The state changed. */
  state: (state: LiveState) => void;
  /** These changed of a topic, by primary key; null where anything may have changed unseen. */
  changed: (topic: string, keys: number[] | null) => void;
  signedOut: () => void;
}

/** The part of EventSource that is used, so that tests can stand in for it. */
export interface EventStream {
  readonly readyState: number;
  addEventListener: (type: string, listener: (event: Event) => void) => void;
  close: () => void;
}

const CLOSED = 2;
export const SILENCE_MS = 45_000;
export const POLL_MS = 10_000;
export const RETRY_STREAM_MS = 30_000;
const FAILURES_BEFORE_POLLING = 3;

export class LiveConnection {
  private stream: EventStream | undefined;
  private failures = 0;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private polling: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly open: () => EventStream,
    private readonly topics: readonly string[],
    private readonly handlers: LiveHandlers,
  ) {}

  start(): void {
    this.stop();
    this.connect();
  }

  stop(): void {
    this.closeStream();
    clearInterval(this.polling);
    clearTimeout(this.retry);
    this.polling = undefined;
  }

  private connect(): void {
    this.closeStream();
    const stream = this.open();
    this.stream = stream;
    stream.addEventListener('open', () => {
      this.connected();
    });
    for (const topic of this.topics) {
      stream.addEventListener(topic, (event) => {
        this.heard();
        this.handlers.changed(topic, keysOf(event));
      });
    }
    stream.addEventListener('heartbeat', () => {
      this.heard();
    });
    stream.addEventListener('signed-out', () => {
      this.stop();
      this.handlers.signedOut();
    });
    stream.addEventListener('error', () => {
      this.failed(stream);
    });
    this.heard();
  }

  private connected(): void {
    this.failures = 0;
    clearInterval(this.polling);
    this.polling = undefined;
    this.heard();
    this.handlers.state('live');
    this.anythingChanged();
  }

  private failed(stream: EventStream): void {
    this.failures += 1;
    if (stream.readyState === CLOSED || this.failures >= FAILURES_BEFORE_POLLING) this.poll();
    else if (this.polling === undefined) this.handlers.state('reconnecting');
  }

  /** A dead connection behind a proxy says nothing: after a silence it counts as lost. */
  private heard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      this.handlers.state('reconnecting');
      this.connect();
    }, SILENCE_MS);
  }

  private poll(): void {
    this.closeStream();
    this.handlers.state('polling');
    this.polling ??= setInterval(() => {
      this.anythingChanged();
    }, POLL_MS);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      this.connect();
    }, RETRY_STREAM_MS);
  }

  private anythingChanged(): void {
    for (const topic of this.topics) this.handlers.changed(topic, null);
  }

  private closeStream(): void {
    clearTimeout(this.watchdog);
    this.stream?.close();
    this.stream = undefined;
  }
}

function keysOf(event: Event): number[] | null {
  if (!(event instanceof MessageEvent) || typeof event.data !== 'string') return null;
  try {
    const told = JSON.parse(event.data) as { keys?: unknown };
    return Array.isArray(told.keys) ? told.keys.filter((key) => typeof key === 'number') : null;
  } catch {
    return null;
  }
}
