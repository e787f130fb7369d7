/** Whether two objects can be of one patient: the worst that a viewer can do is to mix two up. */

import { text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';

/** Images of another patient were asked for beside those of the study; they are not shown. */
export class PatientMismatchError extends Error {
  constructor() {
    super('the images name another patient');
    this.name = 'PatientMismatchError';
  }
}

/** Whether Patient ID, birth date or sex contradict each other; what is missing contradicts nothing. */
export function isOtherPatient(one: DicomObject, other: DicomObject): boolean {
  return [Tag.PatientID, Tag.PatientBirthDate, Tag.PatientSex].some((tag) => {
    const [mine, theirs] = [text(one, tag)?.trim(), text(other, tag)?.trim()];
    return Boolean(mine) && Boolean(theirs) && mine !== theirs;
  });
}

/** How much earlier or later a study was made: `1 y 2 mo earlier`. Dates as `YYYY-MM-DD`. */
export function interval(from: string, to: string): string {
  const [a, b] = [new Date(from), new Date(to)];
  const days = Math.round((b.getTime() - a.getTime()) / 86_400_000);
  if (!Number.isFinite(days)) return '';
  if (days === 0) return 'same day';
  return `${span(Math.abs(days))} ${days < 0 ? 'earlier' : 'later'}`;
}

function span(days: number): string {
  const months = Math.round(days / 30.44);
  if (months < 2) return `${days} d`;
  if (months < 24) return `${months} mo`;
  const rest = months % 12;
  return `${Math.floor(months / 12)} y${rest > 0 ? ` ${rest} mo` : ''}`;
}
