/** How a volume is rendered in three dimensions: which values are seen through, and what colour the others have. */

export type ColourPoint = readonly [value: number, red: number, green: number, blue: number];
export type OpacityPoint = readonly [value: number, opacity: number];

export interface RenderingPreset {
  id: string;
  label: string;
  colours: readonly ColourPoint[];
  opacity: readonly OpacityPoint[];
  isShaded: boolean;
}

/** In Hounsfield units. */
const ctPresets: readonly RenderingPreset[] = [
  {
    id: 'bone',
    label: 'Bone',
    isShaded: true,
    opacity: [
      [150, 0],
      [350, 0.35],
      [700, 0.75],
      [3000, 0.85],
    ],
    colours: [
      [150, 0.55, 0.3, 0.2],
      [350, 0.85, 0.7, 0.5],
      [700, 0.95, 0.9, 0.78],
      [3000, 1, 1, 1],
    ],
  },
  {
    id: 'angio',
    label: 'Angio',
    isShaded: true,
    opacity: [
      [130, 0],
      [200, 0.25],
      [300, 0.75],
      [700, 0.8],
      [3000, 0.8],
    ],
    colours: [
      [130, 0.4, 0.05, 0.05],
      [200, 0.7, 0.12, 0.1],
      [300, 0.9, 0.35, 0.25],
      [550, 0.95, 0.85, 0.75],
      [3000, 1, 1, 1],
    ],
  },
  {
    id: 'lung',
    label: 'Lung',
    isShaded: true,
    opacity: [
      [-980, 0],
      [-900, 0.02],
      [-750, 0.12],
      [-600, 0.12],
      [-400, 0],
    ],
    colours: [
      [-980, 0.2, 0.25, 0.35],
      [-750, 0.55, 0.65, 0.75],
      [-600, 0.85, 0.8, 0.75],
      [-400, 0.95, 0.7, 0.6],
    ],
  },
  {
    id: 'soft-tissue',
    label: 'Soft tissue',
    isShaded: true,
    opacity: [
      [-60, 0],
      [20, 0.06],
      [80, 0.4],
      [200, 0.65],
      [3000, 0.8],
    ],
    colours: [
      [-60, 0.6, 0.4, 0.25],
      [20, 0.7, 0.35, 0.28],
      [80, 0.85, 0.5, 0.4],
      [200, 0.95, 0.8, 0.65],
      [3000, 1, 1, 1],
    ],
  },
  {
    id: 'skin',
    label: 'Skin',
    isShaded: true,
    opacity: [
      [-650, 0],
      [-400, 0.4],
      [-150, 0.9],
      [3000, 0.95],
    ],
    colours: [
      [-650, 0.75, 0.52, 0.42],
      [-150, 0.93, 0.72, 0.6],
      [3000, 0.98, 0.86, 0.76],
    ],
  },
];

/** For values that are no Hounsfield units: as parts of the range that the window spans. */
const relativePresets: readonly RenderingPreset[] = [
  {
    id: 'surface',
    label: 'Surface',
    isShaded: true,
    opacity: [
      [0.12, 0],
      [0.25, 0.6],
      [1, 0.9],
    ],
    colours: [
      [0.12, 0.7, 0.5, 0.4],
      [0.5, 0.93, 0.75, 0.62],
      [1, 1, 0.95, 0.88],
    ],
  },
  {
    id: 'bright',
    label: 'Bright structures',
    isShaded: true,
    opacity: [
      [0.55, 0],
      [0.8, 0.5],
      [1, 0.85],
    ],
    colours: [
      [0.55, 0.5, 0.1, 0.08],
      [0.8, 0.9, 0.45, 0.3],
      [1, 1, 0.92, 0.8],
    ],
  },
];

export function presetsFor(modality: string, range: readonly [number, number]): readonly RenderingPreset[] {
  if (modality === 'CT') return ctPresets;
  const [low, high] = range;
  const at = (part: number): number => low + part * (high - low);
  return relativePresets.map((preset) => ({
    ...preset,
    opacity: preset.opacity.map(([part, opacity]) => [at(part), opacity]),
    colours: preset.colours.map(([part, ...colour]) => [at(part), ...colour]),
  }));
}

export interface Transfer {
  /** Added to each value of the preset. */
  shift: number;
  /** By how much its ramp is stretched about its middle. */
  width: number;
}

export const plainTransfer: Transfer = { shift: 0, width: 1 };

/** The preset moved and stretched, as its two sliders say. */
export function adjusted(preset: RenderingPreset, { shift, width }: Transfer): RenderingPreset {
  const [first, last] = [preset.opacity[0]?.[0] ?? 0, rampEnd(preset)];
  const middle = (first + last) / 2;
  const moved = (value: number): number => middle + (value - middle) * width + shift;
  return {
    ...preset,
    opacity: preset.opacity.map(([value, opacity]) => [moved(value), opacity]),
    colours: preset.colours.map(([value, ...colour]) => [moved(value), ...colour]),
  };
}

/** Where the opacity is at its greatest for the first time: beyond lies what is solid anyway. */
function rampEnd({ opacity }: RenderingPreset): number {
  const most = Math.max(...opacity.map(([, value]) => value));
  return opacity.find(([, value]) => value >= most)?.[0] ?? 0;
}
