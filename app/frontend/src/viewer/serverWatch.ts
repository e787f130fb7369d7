/** Whether the server answers and knows the reader: what the rest of the viewer waits for when it does not. */

import { ConnectionError, HttpError, SignedOutError } from '../dicomweb/errors';

export type ServerState =
  | { kind: 'up' }
  | { kind: 'unreachable' }
  | { kind: 'signedOut' }
  /** Somebody else signed in in this browser: nothing may be saved under that name. */
  | { kind: 'otherUser'; user: string };

/** What `/account/session` answers. */
export interface Session {
  user: string;
  csrfToken: string;
}

export interface ServerWatchEvents {
  changed(state: ServerState): void;
  renewed(csrfToken: string): void;
  /** The server answers and knows the reader again: what failed can be asked for once more. */
  recovered(): void;
}

const firstPauseMs = 2000;
const longestPauseMs = 15_000;
/** Answers of a proxy whose server is away. */
const awayStatuses = new Set([502, 503, 504]);

export class ServerWatch {
  private state: ServerState = { kind: 'up' };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pauseMs = firstPauseMs;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly user: string,
    /** Raises like the DICOMweb client. */
    private readonly ask: () => Promise<Session>,
    private readonly events: ServerWatchEvents,
  ) {}

  get current(): ServerState {
    return this.state;
  }

  /** Whether the server answers and knows the reader, asked now. */
  async isReader(): Promise<boolean> {
    await this.check();
    return this.state.kind === 'up';
  }

  /** Something failed; one request that did not come through is no proof yet, so the server is asked. */
  note(error: unknown): void {
    if (!(error instanceof SignedOutError)) {
      if (isAway(error)) void this.check();
    } else if (this.state.kind === 'otherUser') {
      // What an old page asks for is refused while somebody else is signed in: that is known better then.
      void this.check();
    } else if (this.state.kind !== 'signedOut') {
      // What is known already does not put off the next question.
      this.change({ kind: 'signedOut' });
    }
  }

  /** Asks now, such as when the network is back or the reader returns to the page. */
  check(): Promise<void> {
    this.asking ??= this.askOnce().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async askOnce(): Promise<void> {
    clearTimeout(this.timer);
    try {
      const { user, csrfToken } = await this.ask();
      if (user === this.user) {
        this.events.renewed(csrfToken);
        this.change({ kind: 'up' });
      } else this.change({ kind: 'otherUser', user });
    } catch (error) {
      this.change(error instanceof SignedOutError ? { kind: 'signedOut' } : { kind: 'unreachable' });
    }
  }

  private change(state: ServerState): void {
    const before = this.state;
    this.state = state;
    if (!isSame(before, state)) this.events.changed(state);
    clearTimeout(this.timer);
    if (state.kind === 'up') {
      this.pauseMs = firstPauseMs;
      if (before.kind !== 'up') this.events.recovered();
      return;
    }
    this.timer = setTimeout(() => void this.check(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
  }
}

function isAway(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof HttpError && awayStatuses.has(error.status));
}

function isSame(a: ServerState, b: ServerState): boolean {
  return a.kind === b.kind && (a.kind !== 'otherUser' || b.kind !== 'otherUser' || a.user === b.user);
}
