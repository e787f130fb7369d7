import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LiveConnection,
  POLL_MS,
  RETRY_STREAM_MS,
  SILENCE_MS,
  type EventStream,
  type LiveState,
} from './connection';

class FakeStream implements EventStream {
  readyState = 0;
  private readonly listeners = new Map<string, (event: Event) => void>();

  addEventListener(type: string, listener: (event: Event) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  says(type: string, data?: unknown): void {
    if (type === 'open') this.readyState = 1;
    const event =
      data === undefined ? new Event(type) : new MessageEvent(type, { data: JSON.stringify(data) });
    this.listeners.get(type)?.(event);
  }

  breaks(readyState: number): void {
    this.readyState = readyState;
    this.says('error');
  }
}

const CONNECTING = 0;
const CLOSED = 2;

let streams: FakeStream[];
let states: LiveState[];
let changes: (number[] | null)[];
let signedOut: number;
let connection: LiveConnection;

function last(): FakeStream {
  const stream = streams.at(-1);
  if (!stream) throw new Error('no stream was opened');
  return stream;
}

beforeEach(() => {
  vi.useFakeTimers();
  [streams, states, changes, signedOut] = [[], [], [], 0];
  connection = new LiveConnection(
    () => {
      streams.push(new FakeStream());
      return last();
    },
    ['studies'],
    {
      state: (state) => states.push(state),
      changed: (_topic, keys) => changes.push(keys),
      signedOut: () => (signedOut += 1),
    },
  );
  connection.start();
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

describe('the live connection', () => {
  it('asks for everything once it is connected, then for what changed', () => {
    last().says('open');
    last().says('studies', { keys: [3, 5] });
    expect(states).toEqual(['live']);
    expect(changes).toEqual([null, [3, 5]]);
  });

  it('takes an event that it cannot read for a change of anything', () => {
    last().says('open');
    last().says('studies', 'nonsense');
    expect(changes).toEqual([null, null]);
  });

  it('says that it reconnects while the browser does so, and catches up afterwards', () => {
    last().says('open');
    last().breaks(CONNECTING);
    last().says('open');
    expect(states).toEqual(['live', 'reconnecting', 'live']);
    expect(changes).toEqual([null, null]);
  });

  it('polls when the stream is refused, and tries the stream again', () => {
    last().breaks(CLOSED);
    expect(states).toEqual(['polling']);
    vi.advanceTimersByTime(2 * POLL_MS);
    expect(changes).toEqual([null, null]);
    vi.advanceTimersByTime(RETRY_STREAM_MS);
    expect(streams).toHaveLength(2);
    last().says('open');
    expect(states.at(-1)).toBe('live');
    const asked = changes.length;
    vi.advanceTimersByTime(2 * POLL_MS);
    expect(changes).toHaveLength(asked);
  });

  it('polls after three failures in a row', () => {
    for (let failure = 0; failure < 3; failure += 1) last().breaks(CONNECTING);
    expect(states.at(-1)).toBe('polling');
  });

  it('takes a long silence for a lost connection', () => {
    last().says('open');
    vi.advanceTimersByTime(SILENCE_MS - 1);
    last().says('heartbeat');
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(streams).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(streams).toHaveLength(2);
    expect(states.at(-1)).toBe('reconnecting');
  });

  it('ends when the session does', () => {
    last().says('open');
    last().says('signed-out');
    vi.advanceTimersByTime(10 * SILENCE_MS);
    expect(signedOut).toBe(1);
    expect(streams).toHaveLength(1);
  });
});
