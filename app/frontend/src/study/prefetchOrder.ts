/** Which images to load next: those the reader can reach soonest. */

/**
 * Indices other than `current`, nearest first, two ahead for each one behind the direction of travel.
 *
 * Where the stack ends on one side the rest follows on the other. At most `limit` indices are returned.
 */
export function prefetchOrder(current: number, count: number, direction: 1 | -1, limit = count): number[] {
  const ahead = walk(current, count, direction);
  const behind = walk(current, count, direction === 1 ? -1 : 1);
  const order: number[] = [];
  while (ahead.length > 0 || behind.length > 0) {
    order.push(...ahead.splice(0, 2), ...behind.splice(0, 1));
  }
  return order.slice(0, limit);
}

function walk(current: number, count: number, step: 1 | -1): number[] {
  const indices: number[] = [];
  for (let index = current + step; index >= 0 && index < count; index += step) indices.push(index);
  return indices;
}
