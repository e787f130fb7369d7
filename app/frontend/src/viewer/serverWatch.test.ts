import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError, HttpError, SignedOutError } from '../dicomweb/errors';
import { ServerWatch, type ServerState, type Session } from './serverWatch';

function setUp() {
  const ask = vi.fn(() => Promise.resolve<Session>({ user: 'ada', csrfToken: 'new' }));
  const states: ServerState['kind'][] = [];
  const events = {
    changed: (state: ServerState) => void states.push(state.kind),
    renewed: vi.fn(),
    recovered: vi.fn(),
  };
  return { watch: new ServerWatch('ada', ask, events), ask, states, events };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('watching the server', () => {
  it('takes one broken request for what it is where the server answers', async () => {
    const { watch, states, events } = setUp();
    watch.note(new ConnectionError());
    await vi.runAllTimersAsync();
    expect(states).toEqual([]);
    expect(events.recovered).not.toHaveBeenCalled();
  });

  it('asks until the server is back, then lets everything go on', async () => {
    const { watch, ask, states, events } = setUp();
    ask.mockRejectedValueOnce(new ConnectionError()).mockRejectedValueOnce(new HttpError(502));
    watch.note(new HttpError(503));
    await vi.runAllTimersAsync();
    expect(states).toEqual(['unreachable', 'up']);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(events.recovered).toHaveBeenCalledTimes(1);
  });

  it('has the token of the new session before anything goes on', async () => {
    const { watch, ask, states, events } = setUp();
    ask.mockRejectedValueOnce(new SignedOutError());
    events.recovered.mockImplementation(() => {
      expect(events.renewed).toHaveBeenCalledWith('new');
    });
    watch.note(new SignedOutError());
    await vi.advanceTimersByTimeAsync(2000);
    expect(states).toEqual(['signedOut']);
    await vi.runAllTimersAsync();
    expect(states).toEqual(['signedOut', 'up']);
    expect(events.recovered).toHaveBeenCalledTimes(1);
  });

  it('saves nothing under the name of somebody else', async () => {
    const { watch, ask, states, events } = setUp();
    ask.mockResolvedValueOnce({ user: 'boris', csrfToken: 'his' });
    watch.note(new SignedOutError());
    await watch.check();
    expect(states).toEqual(['signedOut', 'otherUser']);
    ask.mockResolvedValueOnce({ user: 'boris', csrfToken: 'his' });
    watch.note(new SignedOutError());
    await watch.check();
    expect(states).toEqual(['signedOut', 'otherUser']);
    expect(events.renewed).not.toHaveBeenCalled();
    expect(events.recovered).not.toHaveBeenCalled();
    await vi.runAllTimersAsync();
    expect(states.at(-1)).toBe('up');
  });

  it('does not ask about what only one image is to blame for', () => {
    const { watch, ask } = setUp();
    watch.note(new HttpError(500));
    watch.note(new Error('damaged'));
    expect(ask).not.toHaveBeenCalled();
  });
});
