/** How notes and attachments are told in words. */

export interface Note {
  uid: string;
  version: number;
  text: string;
  author: string;
  /** ISO 8601 with the zone. */
  madeAt: string;
  changedAt: string;
  isEdited: boolean;
  mayChange: boolean;
}

export interface Attachment {
  uid: string;
  name: string;
  /** What it belongs to: the study, its report, the patient. */
  subject: string;
  category: string;
  /** Who sees it. */
  audience: string;
  /** Added to the report after that had been signed. */
  isLater: boolean;
  mediaType: string;
  /** Bytes. */
  size: number;
  /** Whether a virus scanner found nothing in it. */
  isScanned: boolean;
  /** Whether the server draws a picture of it. */
  hasPreview: boolean;
  author: string;
  addedAt: string;
  mayRemove: boolean;
}

const units = ['bytes', 'kB', 'MB', 'GB'] as const;

/** A size as people say it: three digits at most. */
export function sizeInWords(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 9.95 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** A time as the reader's clock shows it: without the date where that is today's. */
export function timeInWords(iso: string, now: Date): string {
  const time = new Date(iso);
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return time.toDateString() === now.toDateString() ? `today ${clock}` : `${date} ${clock}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
