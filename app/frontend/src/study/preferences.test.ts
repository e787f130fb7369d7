import { describe, expect, test } from 'vitest';
import { defaultPreferences, preferencesFrom, sectionOf, withKey, withoutKeys } from './preferences';

const changed = {
  ...defaultPreferences,
  presets: { MR: [{ label: 'Bright', center: 100, width: 50.5, key: '1' }] },
  mouse: { ...defaultPreferences.mouse, right: 'window' as const },
  overlays: { shown: false, size: 'large' as const },
  cineRate: 24,
  tool: 'length',
  singleKeys: false,
  keys: { cine: ['x'], undo: [] },
  follow: { tool: false, window: true },
};

describe('preferences', () => {
  test('come back as they were kept', () => {
    const section = JSON.parse(JSON.stringify(sectionOf(changed))) as unknown;
    expect(preferencesFrom(section)).toEqual(changed);
  });

  test('keep only what is not as it is by default', () => {
    expect(sectionOf(defaultPreferences)).toEqual({ format: 1 });
    expect(
      sectionOf({ ...defaultPreferences, mouse: { ...defaultPreferences.mouse, wheel: 'zoom' } }),
    ).toEqual({
      format: 1,
      mouse: { wheel: 'zoom' },
    });
    expect(sectionOf({ ...changed, tool: undefined })).not.toHaveProperty('tool');
  });

  test.each([undefined, null, 7, [], 'x', {}, { format: 2, singleKeys: false }])(
    'are the defaults where nothing usable was kept: %j',
    (section) => {
      expect(preferencesFrom(section)).toEqual(defaultPreferences);
    },
  );

  test('lose only the part that cannot be used', () => {
    const kept = preferencesFrom({
      format: 1,
      mouse: { middle: 'fly', right: 'pan' },
      overlays: 'large',
      cineRate: 900,
      presets: {
        CT: [{ label: 'Good', center: 1, width: 2 }, { label: 'Flat', center: 1, width: 0 }, null],
        MR: 1,
      },
      keys: { cine: ['x', 3], undo: 'u' },
      singleKeys: 'no',
      follow: { window: true },
    });
    expect(kept).toEqual({
      ...defaultPreferences,
      mouse: { middle: 'pan', right: 'pan', wheel: 'scroll' },
      presets: { CT: [{ label: 'Good', center: 1, width: 2, key: '' }] },
      keys: { cine: ['x'] },
      follow: { tool: true, window: true },
    });
  });
});

describe('own keys', () => {
  test('leave the command that had them', () => {
    const own = withKey({ cine: ['x', 'y'] }, 'undo', 'x');
    expect(own).toEqual({ cine: ['y'], undo: ['x'] });
    expect(withoutKeys(own, 'undo')).toEqual({ cine: ['y'] });
  });
});
