import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const source = readFileSync(new URL('tokens.scss', import.meta.url), 'utf8');
const colours = new Map(
  [...source.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex] as const),
);

function colour(name: string): string {
  const hex = colours.get(name);
  if (!hex) throw new Error(`no colour is called ${name}`);
  return hex;
}

/** Relative luminance and contrast ratio as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(colour(a)), luminance(colour(b))].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = [...colours.keys()].filter((name) => name.startsWith('surface-'));
const texts = ['text-primary', 'text-secondary', 'text-on-image', 'accent-text'];

describe('contrast', () => {
  test.each(texts.flatMap((text) => surfaces.map((surface) => [text, surface] as const)))(
    '%s is legible on %s',
    (text, surface) => {
      expect(contrast(text, surface)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each(['danger', 'warning', 'success'])(
    '%s text is legible on its own surface and on panels',
    (state) => {
      for (const surface of [`${state}-surface`, 'surface-page', 'surface-panel', 'surface-raised']) {
        expect(contrast(`${state}-text`, surface)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test('words on the accent are legible, hovered or pressed', () => {
    for (const accent of ['accent', 'accent-hover', 'accent-active']) {
      expect(contrast('text-on-accent', accent)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(['border-control', 'focus-ring', 'accent'])('%s can be seen on every surface', (line) => {
    for (const surface of surfaces) expect(contrast(line, surface)).toBeGreaterThanOrEqual(3);
  });
});
