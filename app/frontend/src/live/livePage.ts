/** One stream for everything on a page that is live; a page that is left or not looked at holds none. */

import { LiveConnection, type LiveState } from './connection';

type Listener = (keys: number[] | null) => void;

/** A tab in the background lets its stream go after so long: browsers allow few to one server. */
const HIDDEN_MS = 20_000;

export class LivePage {
  private readonly listeners = new Map<string, Listener>();
  private readonly stateListeners: ((state: LiveState) => void)[] = [];
  private connection: LiveConnection | undefined;
  private leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly address: string,
    private readonly signedOut: () => void,
  ) {}

  /** Before `start`: hears the keys of what changed, null where anything may have changed unseen. */
  on(topic: string, listener: Listener): void {
    this.listeners.set(topic, listener);
  }

  onState(listener: (state: LiveState) => void): void {
    this.stateListeners.push(listener);
  }

  start(): void {
    const topics = [...this.listeners.keys()];
    if (topics.length === 0) return;
    const url = `${this.address}?topics=${topics.join(',')}`;
    this.connection = new LiveConnection(() => new EventSource(url), topics, {
      state: (state) => {
        for (const listener of this.stateListeners) listener(state);
      },
      changed: (topic, keys) => this.listeners.get(topic)?.(keys),
      signedOut: this.signedOut,
    });
    this.connection.start();
    this.watchThePage(this.connection);
  }

  private watchThePage(connection: LiveConnection): void {
    let isHeld = true;
    const hold = (wanted: boolean): void => {
      clearTimeout(this.leaving);
      if (wanted === isHeld) return;
      isHeld = wanted;
      if (wanted) connection.start();
      else connection.stop();
    };
    window.addEventListener('pagehide', () => {
      hold(false);
    });
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) hold(true);
    });
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.leaving);
      if (!document.hidden) hold(true);
      else
        this.leaving = setTimeout(() => {
          hold(false);
        }, HIDDEN_MS);
    });
  }
}
