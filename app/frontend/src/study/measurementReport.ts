/** Structured reports of measurements: what the reader chooses from, and what an import came to. */

export interface ListedReport {
  uid: string;
  title: string;
  /** ISO 8601 without a zone, as the report says it; may be empty. */
  madeAt: string;
  maker: string;
  hasMeasurements: boolean;
}

export interface ImportResult {
  takenOver: number;
  alreadyThere: number;
  /** Titles of what was changed since and stays as it is. */
  keptAsChanged: readonly string[];
  notUnderstood: readonly { title: string; reason: string }[];
}

/** What an import came to, in one sentence for each kind. */
export function summaryOf({ takenOver, alreadyThere, keptAsChanged, notUnderstood }: ImportResult): string {
  const parts = [
    takenOver > 0 && `${counted(takenOver, 'measurement')} taken over.`,
    alreadyThere > 0 && `${counted(alreadyThere, 'measurement')} there already.`,
    keptAsChanged.length > 0 &&
      `${counted(keptAsChanged.length, 'measurement')} changed since and kept as now.`,
    notUnderstood.length > 0 && 'Not everything could be taken over:',
  ];
  return parts.filter(Boolean).join(' ') || 'The report holds nothing new.';
}

/** When and by whom a report was made. */
export function makingOf({ madeAt, maker }: ListedReport): string {
  return [madeAt.replace('T', ' '), maker].filter(Boolean).join(' · ');
}

export function leftOutText(count: number): string {
  return count > 0 ? `; ${counted(count, 'measurement')} left out, as the image cannot be read` : '';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
