/** Whether the line is one on which nobody wants to pay, or to wait, for what may never be looked at. */

export interface Connection {
  readonly saveData?: boolean;
  readonly type?: string;
  readonly effectiveType?: string;
}

const slow = new Set(['slow-2g', '2g', '3g']);

export function isMetered(connection: Connection | undefined): boolean {
  if (!connection) return false;
  const { saveData = false, type, effectiveType = '' } = connection;
  return saveData || type === 'cellular' || slow.has(effectiveType);
}

/** What the browser tells of its line; many tell nothing. */
export function ownConnection(): Connection | undefined {
  return (navigator as Navigator & { connection?: Connection }).connection;
}
