import { describe, expect, it } from 'vitest';
import { holdingInWords, type Holding } from './holding';

const free: Holding = {
  reader: null,
  isMine: false,
  isHeld: false,
  isOfAnother: false,
  since: null,
  isDone: false,
  mayHold: true,
  mayRelease: false,
};
const say = (changes: Partial<Holding>) => holdingInWords({ ...free, ...changes }, () => '10:42');

describe('who holds a study', () => {
  it('offers a free study, and one that was given to the reader', () => {
    expect(say({}).tag).toMatchObject({ title: 'Nobody holds this study', deed: { deed: 'claim' } });
    expect(say({ reader: 'Dr A', isMine: true }).tag).toMatchObject({ title: 'Assigned to you' });
  });

  it('says that it is the own study, and lets it go', () => {
    const own = say({ reader: 'Dr A', isMine: true, isHeld: true, mayRelease: true });
    expect(own.tag).toMatchObject({ title: 'You hold this study', deed: { deed: 'release' } });
    expect(own.warning).toBeUndefined();
  });

  it("warns of another reader's study, and never takes it by itself", () => {
    const held = say({ reader: 'Dr B', isHeld: true, isOfAnother: true, since: '2026-01-01T10:42:00Z' });
    expect(held.warning).toBe('Dr B holds this study since 10:42. Do not read it twice.');
    expect(held.tag).toMatchObject({
      title: 'Held by Dr B',
      text: 'Dr B',
      isWarning: true,
      deed: { deed: 'take_over' },
    });
    expect(say({ reader: 'Dr B', isOfAnother: true }).warning).toBe('This study is assigned to Dr B.');
  });

  it('tells those who do not read who does, and offers them nothing', () => {
    const seen = say({ reader: 'Dr B', isHeld: true, isOfAnother: true, mayHold: false });
    expect(seen).toEqual({ tag: { title: 'Held by Dr B', text: 'Dr B', isWarning: true } });
    expect(say({ mayHold: false })).toEqual({});
  });

  it('is silent about what is reported', () => {
    expect(say({ reader: 'Dr B', isDone: true })).toEqual({});
  });
});
