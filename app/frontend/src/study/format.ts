/** Dates, ages and numbers as a reader expects them. */

/** `20240131` as `2024-01-31`; what is no date stays as it came. */
export function formatDate(value: string | undefined): string | undefined {
  const match = /^(\d{4})\D?(\d{2})\D?(\d{2})$/.exec(value ?? '');
  return match ? `${match[1] ?? ''}-${match[2] ?? ''}-${match[3] ?? ''}` : value;
}

/** `142355.12` as `14:23`. */
export function formatTime(value: string | undefined): string | undefined {
  const match = /^(\d{2}):?(\d{2})/.exec(value ?? '');
  return match ? `${match[1] ?? ''}:${match[2] ?? ''}` : undefined;
}

const ageUnits: Record<string, string | undefined> = { Y: 'y', M: 'mo', W: 'wk', D: 'd' };

/** The stated age, else the one on the day of the study. */
export function formatAge(
  stated: string | undefined,
  birthDate: string | undefined,
  studyDate: string | undefined,
): string | undefined {
  const match = /^(\d{1,3})([YMWD])$/.exec(stated ?? '');
  if (match) return `${Number(match[1])} ${ageUnits[match[2] ?? ''] ?? ''}`;
  const born = formatDate(birthDate);
  const studied = formatDate(studyDate);
  if (born?.length !== 10 || studied?.length !== 10) return undefined;
  const years = Number(studied.slice(0, 4)) - Number(born.slice(0, 4));
  const hadBirthday = studied.slice(5) >= born.slice(5);
  const age = hadBirthday ? years : years - 1;
  return age >= 0 && age < 130 ? `${age} y` : undefined;
}

/** At most so many decimals, none of them a trailing zero. */
export function formatNumber(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}
