import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Annotation, SavedAnnotation } from '../study/annotation';
import { AnnotationKeeper, type SavingState } from './annotationKeeper';
import { ConflictError } from './annotationsClient';

const drawn: Annotation = {
  uid: 'a',
  tool: 'length',
  studyUid: '1.1',
  seriesUid: '1.2',
  sopInstanceUid: '1.3',
  frameNumber: 1,
  frameOfReferenceUid: undefined,
  points: [
    [0, 0, 0],
    [3, 4, 0],
  ],
  contour: [],
  textAt: undefined,
  text: '',
  quantities: [{ name: 'Length', value: 5, unit: 'mm' }],
};

function saved(version: number, text = ''): SavedAnnotation {
  return { ...drawn, text, version, author: 'Reader', origin: '', changedAt: '', mayChange: true };
}

function setUp(present: () => Annotation | undefined = () => drawn, left = new Map<string, string>()) {
  const client = {
    save: vi.fn((annotation: Annotation, version: number) =>
      Promise.resolve(saved(version + 1, annotation.text)),
    ),
    remove: vi.fn(() => Promise.resolve()),
  };
  const events = {
    states: [] as SavingState[],
    safe: true,
    stateChanged: (state: SavingState, isSafe: boolean) => {
      events.states.push(state);
      events.safe = isSafe;
    },
    overruled: vi.fn(),
    refused: vi.fn(),
    unkept: vi.fn(),
    saved: vi.fn(),
    removed: vi.fn(),
  };
  const storage = {
    getItem: (key: string) => left.get(key) ?? null,
    setItem: vi.fn((key: string, value: string) => void left.set(key, value)),
    removeItem: (key: string) => void left.delete(key),
  };
  const keeper = new AnnotationKeeper(client, present, events, storage, 'kept');
  keeper.adopt([]);
  return { keeper, client, events, left, storage };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('keeping annotations', () => {
  it('sends the changes of a drag once, as they are in the end', async () => {
    let text = 'first';
    const { keeper, client, events } = setUp(() => ({ ...drawn, text }));
    keeper.changed('a');
    text = 'last';
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save).toHaveBeenCalledExactlyOnceWith({ ...drawn, text: 'last' }, 0);
    expect(events.states.at(-1)).toBe('saved');
    expect(keeper.isSaved).toBe(true);
  });

  it('makes each change from the version that the server has', async () => {
    const { keeper, client } = setUp();
    keeper.changed('a');
    await vi.runAllTimersAsync();
    keeper.changed('a');
    await vi.runAllTimersAsync();
    keeper.removed('a');
    await vi.runAllTimersAsync();
    expect(client.save.mock.calls.map(([, version]) => version)).toEqual([0, 1]);
    expect(client.remove).toHaveBeenCalledExactlyOnceWith('1.1', 'a', 2);
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save.mock.lastCall?.[1]).toBe(0);
  });

  it('goes on from what it saved while an older list was on its way', async () => {
    const { keeper, client } = setUp();
    keeper.adopt([saved(4)]);
    keeper.changed('a');
    await vi.runAllTimersAsync();
    keeper.adopt([saved(4)]);
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save.mock.calls.map(([, version]) => version)).toEqual([4, 5]);
  });

  it('says nothing to the server of what came and went before it was sent', async () => {
    const { keeper, client } = setUp();
    keeper.changed('a');
    keeper.removed('a');
    await vi.runAllTimersAsync();
    expect(client.save).not.toHaveBeenCalled();
    expect(client.remove).not.toHaveBeenCalled();
  });

  it('tries again until the server answers, and keeps a copy meanwhile', async () => {
    const { keeper, client, events, left } = setUp();
    client.save.mockRejectedValueOnce(new ConnectionError()).mockRejectedValueOnce(new HttpError(503));
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(500);
    expect(events.states.at(-1)).toBe('waiting');
    expect(left.has('kept')).toBe(true);
    await vi.runAllTimersAsync();
    expect(client.save).toHaveBeenCalledTimes(3);
    expect(events.states.at(-1)).toBe('saved');
    expect(left.has('kept')).toBe(false);
  });

  it('sends what a former page could not', async () => {
    const first = setUp();
    first.client.save.mockRejectedValue(new SignedOutError());
    first.keeper.changed('a');
    await vi.advanceTimersByTimeAsync(500);
    expect(first.events.states.at(-1)).toBe('signedOut');

    const second = setUp(() => undefined, first.left);
    expect(second.keeper.takeUp().map(({ uid }) => uid)).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(500);
    expect(second.client.save).toHaveBeenCalledWith(drawn, 0);
    vi.clearAllTimers();
  });

  it('keeps the values of an image that is not on the screen', async () => {
    let quantities = drawn.quantities;
    const { keeper, client } = setUp(() => ({ ...drawn, quantities }));
    keeper.changed('a');
    quantities = [];
    await vi.runAllTimersAsync();
    expect(client.save.mock.lastCall?.[0].quantities).toEqual(drawn.quantities);
  });

  it('gives way to a change made elsewhere', async () => {
    const { keeper, client, events } = setUp();
    client.save.mockRejectedValueOnce(new ConflictError(saved(7, 'theirs')));
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(events.overruled).toHaveBeenCalledExactlyOnceWith('a', saved(7, 'theirs'));
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save.mock.lastCall?.[1]).toBe(7);
  });

  it('goes on from its own change that arrived while the answer was lost', async () => {
    let text = 'first';
    const { keeper, client, events } = setUp(() => ({ ...drawn, text }));
    client.save.mockRejectedValueOnce(new ConnectionError());
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(600);
    client.save.mockRejectedValueOnce(new ConflictError(saved(1, 'first')));
    text = 'second';
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save).toHaveBeenLastCalledWith({ ...drawn, text: 'second' }, 1);
    expect(events.overruled).not.toHaveBeenCalled();
    expect(keeper.isSaved).toBe(true);
  });

  it('takes away what arrived while the answer was lost', async () => {
    const { keeper, client, events } = setUp();
    client.save.mockRejectedValueOnce(new ConnectionError());
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(600);
    client.remove.mockRejectedValueOnce(new ConflictError(saved(1)));
    keeper.removed('a');
    await vi.runAllTimersAsync();
    expect(client.remove).toHaveBeenLastCalledWith('1.1', 'a', 1);
    expect(events.removed).toHaveBeenCalledExactlyOnceWith('a');
  });

  it('is done with what was taken away and never arrived', async () => {
    const { keeper, client } = setUp();
    client.save.mockRejectedValueOnce(new ConnectionError());
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(600);
    client.remove.mockRejectedValueOnce(new NotFoundError());
    keeper.removed('a');
    await vi.runAllTimersAsync();
    expect(keeper.isSaved).toBe(true);
  });

  it('does not repeat what is not the reader’s to change', async () => {
    const { keeper, client, events } = setUp();
    client.save.mockRejectedValueOnce(new HttpError(403));
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save).toHaveBeenCalledTimes(1);
    expect(events.refused).toHaveBeenCalledExactlyOnceWith('a');
    expect(keeper.isSaved).toBe(true);
  });

  it('leaves on the screen what the server cannot keep', async () => {
    const { keeper, client, events } = setUp();
    client.save.mockRejectedValueOnce(new HttpError(422));
    keeper.changed('a');
    await vi.runAllTimersAsync();
    expect(client.save).toHaveBeenCalledTimes(1);
    expect(events.unkept).toHaveBeenCalledExactlyOnceWith('a');
    expect(events.refused).not.toHaveBeenCalled();
  });

  it('keeps what belongs to a study that is gone, and saves the rest', async () => {
    const { keeper, client, events, left } = setUp();
    client.save.mockRejectedValueOnce(new NotFoundError());
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(100);
    keeper.changed('b');
    await vi.advanceTimersByTimeAsync(500);
    expect(events.states.at(-1)).toBe('gone');
    expect(client.save).toHaveBeenCalledTimes(2);
    expect(left.get('kept')).toContain('"uid":"a"');
    expect(left.get('kept')).not.toContain('"uid":"b"');
    await vi.runAllTimersAsync();
    expect(events.states.at(-1)).toBe('saved');
  });

  it('goes on where the browser’s storage is full, and says that the page must stay', async () => {
    const { keeper, client, events, storage } = setUp();
    storage.setItem.mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    client.save.mockRejectedValueOnce(new ConnectionError());
    keeper.changed('a');
    await vi.advanceTimersByTimeAsync(500);
    expect(events.states.at(-1)).toBe('waiting');
    expect(events.safe).toBe(false);
    await vi.runAllTimersAsync();
    expect(events.states.at(-1)).toBe('saved');
    expect(events.safe).toBe(true);
  });
});
