/** Colours as presentation states give them: CIELab in 16 bits each, or a grey of 16 bits (PS3.3 C.10.7.1.1). */

const most = 65535;
const whiteD50 = [0.9642, 1, 0.8249] as const;
/** From XYZ under D50 to linear sRGB. */
const toRgb = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;

/** The grey of a P-value, as style sheets write colours; P-values run from black (0) to white (65535). */
export function greyColour(value: number): string {
  const grey = Math.round((Math.max(0, Math.min(most, value)) * 255) / most);
  return `rgb(${grey}, ${grey}, ${grey})`;
}

/** Undefined unless there are three values. */
export function labColour(values: readonly number[]): string | undefined {
  const [first, second, third] = values;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const lightness = (first * 100) / most;
  const a = (second * 255) / most - 128;
  const b = (third * 255) / most - 128;
  const y = (lightness + 16) / 116;
  const xyz = [y + a / 500, y, y - b / 200].map((part, axis) => linear(part) * (whiteD50[axis] ?? 1));
  const channels = toRgb.map((row) => row.reduce((sum, factor, axis) => sum + factor * (xyz[axis] ?? 0), 0));
  return `rgb(${channels.map((channel) => Math.round(255 * companded(channel))).join(', ')})`;
}

function linear(part: number): number {
  return part > 6 / 29 ? part ** 3 : 3 * (6 / 29) ** 2 * (part - 4 / 29);
}

function companded(channel: number): number {
  const clipped = Math.max(0, Math.min(1, channel));
  return clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
}
