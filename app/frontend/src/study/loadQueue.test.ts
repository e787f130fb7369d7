import { describe, expect, test } from 'vitest';
import { LoadQueue, type LoadPlan } from './loadQueue';
import { prefetchOrder } from './prefetchOrder';

function planOf(name: string, count: number): LoadPlan {
  const imageIds = Array.from({ length: count }, (_, index) => `${name}${index}`);
  return { imageIds, order: imageIds.map((_, index) => index) };
}

function taken(queue: LoadQueue, count: number, isWanted = (): boolean => true): string[] {
  return Array.from({ length: count }, () => queue.next(isWanted)).filter((id) => id !== undefined);
}

describe('the load queue', () => {
  test('gives each stack its turn, and the one that the reader works in three', () => {
    const [a, b, c] = [planOf('a', 20), planOf('b', 20), planOf('c', 20)];
    const queue = new LoadQueue();
    for (const plan of [a, b, c]) queue.add(plan);
    queue.favour(b);
    const first = taken(queue, 25).join(' ');
    expect(first.match(/a/g)).toHaveLength(5);
    expect(first.match(/b/g)).toHaveLength(15);
    expect(first.indexOf('b0')).toBeLessThan(first.indexOf('a1'));
    expect(first.indexOf('c0')).toBeLessThan(first.indexOf('a1'));
  });

  test('a stack that is added later begins level with the others', () => {
    const [a, b] = [planOf('a', 20), planOf('b', 20)];
    const queue = new LoadQueue();
    queue.add(a);
    taken(queue, 10);
    queue.add(b);
    expect(taken(queue, 4).sort()).toEqual(['a10', 'a11', 'b0', 'b1']);
  });

  test('leaves out what nobody wants any more, and ends', () => {
    const queue = new LoadQueue();
    queue.add(planOf('a', 3));
    const isWanted = (id: string): boolean => id !== 'a1';
    expect([queue.next(isWanted), queue.next(isWanted), queue.next(isWanted)]).toEqual([
      'a0',
      'a2',
      undefined,
    ]);
  });

  test('a stack that left is not asked, and what others hold is known', () => {
    const [a, b] = [planOf('a', 3), planOf('b', 3)];
    const queue = new LoadQueue();
    queue.add(a);
    queue.add(b);
    expect(queue.holds('a1', a)).toBe(false);
    expect(queue.holds('a1', b)).toBe(true);
    queue.remove(a);
    expect(taken(queue, 6)).toEqual(['b0', 'b1', 'b2']);
    expect(queue.size).toBe(1);
  });
});

describe('the order around the image on display', () => {
  test('takes two ahead for each one behind, and what the end cuts off on the other side', () => {
    expect(prefetchOrder(3, 8, 1)).toEqual([4, 5, 2, 6, 7, 1, 0]);
    expect(prefetchOrder(3, 8, -1)).toEqual([2, 1, 4, 0, 5, 6, 7]);
    expect(prefetchOrder(0, 5, 1, 2)).toEqual([1, 2]);
  });
});
