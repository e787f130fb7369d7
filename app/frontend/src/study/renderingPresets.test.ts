import { describe, expect, it } from 'vitest';
import { adjusted, presetsFor } from './renderingPresets';

describe('rendering presets', () => {
  it('name tissues for CT', () => {
    expect(presetsFor('CT', [0, 1]).map(({ id }) => id)).toEqual([
      'bone',
      'angio',
      'lung',
      'soft-tissue',
      'skin',
    ]);
  });

  it('follow the values of what is no CT', () => {
    const [surface] = presetsFor('MR', [100, 1100]);
    expect(surface?.opacity[0]).toEqual([220, 0]);
    expect(surface?.colours[2]).toEqual([1100, 1, 0.95, 0.88]);
  });

  it('grow along their values', () => {
    for (const preset of [...presetsFor('CT', [0, 1]), ...presetsFor('MR', [0, 1])]) {
      const values = preset.opacity.map(([value]) => value);
      expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(preset.opacity[0]?.[1]).toBe(0);
    }
  });

  it('are moved and stretched about the middle of their ramp', () => {
    const preset = {
      id: 'x',
      label: 'X',
      isShaded: false,
      opacity: [
        [100, 0],
        [300, 1],
      ],
      colours: [[200, 1, 1, 1]],
    } as const;
    expect(adjusted(preset, { shift: 50, width: 2 }).opacity).toEqual([
      [50, 0],
      [450, 1],
    ]);
    expect(adjusted(preset, { shift: -10, width: 0.5 }).colours).toEqual([[190, 1, 1, 1]]);
  });
});
