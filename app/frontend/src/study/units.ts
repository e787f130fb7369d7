/** Units of measurement in UCUM, as people write them (PS3.16 annex on UCUM, CID 82). */

const whole: Record<string, string | undefined> = {
  '1': '',
  "[hnsf'U]": 'HU',
  'mm[Hg]': 'mmHg',
  'cm[H2O]': 'cmH₂O',
  Cel: '°C',
  '[degF]': '°F',
  deg: '°',
  '[lb_av]': 'lb',
  '[in_i]': 'in',
  '{H.B.}/min': 'bpm',
  '{beats}/min': 'bpm',
};

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function raised(digits: string): string {
  return digits.replace('-', '⁻').replace(/\d/g, (digit) => superscripts[Number(digit)] ?? digit);
}

/** `mGy.cm` as mGy·cm, `mm2` as mm², `um` as µm; the notes in braces stay as words. */
export function unitText(code: string): string {
  const known = whole[code];
  if (known !== undefined) return known;
  return code
    .replace(/\{([^}]*)\}/g, (_, note: string) => ` ${note}`)
    .replace(/10[*^](-?\d+)/g, (_, power: string) => `10${raised(power)}`)
    .replace(/([A-Za-z\]])(-?\d+)/g, (_, letter: string, power: string) => letter + raised(power))
    .replace(/\bu(?=(?:m|g|s|l|L|V|A|Gy|Sv|mol|Ci)\b|m[⁰¹²³⁴⁵⁶⁷⁸⁹])/g, 'µ')
    .replace(/\./g, '·')
    .trim();
}

/** A value with its unit; a degree stands without a gap, as does nothing. */
export function withUnit(value: string, unit: string): string {
  if (unit === '') return value;
  return unit === '°' ? `${value}°` : `${value} ${unit}`;
}
