import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FirstImage } from './firstImage';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (call: () => void) => setTimeout(call, 16));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the first image', () => {
  it('is waited for, once, until the browser has drawn it', () => {
    const shown = vi.fn();
    const first = new FirstImage(shown);
    first.await();
    first.note({ phase: 'loading' });
    vi.advanceTimersByTime(1000);
    first.note({ phase: 'ready' });
    expect(shown).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20);
    expect(shown).toHaveBeenCalledTimes(1);
    first.note({ phase: 'ready' });
    vi.runAllTimers();
    expect(shown).toHaveBeenCalledTimes(1);
  });

  it('is not waited for where it cannot be had', () => {
    const shown = vi.fn();
    const first = new FirstImage(shown);
    first.await();
    first.note({ phase: 'error' });
    vi.advanceTimersByTime(20);
    expect(shown).toHaveBeenCalledTimes(1);
  });

  it('is not waited for longer than a while', () => {
    const shown = vi.fn();
    new FirstImage(shown).await();
    vi.runAllTimers();
    expect(shown).toHaveBeenCalledTimes(1);
  });
});
