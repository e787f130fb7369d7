import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../dicomweb/errors';
import { Tag } from '../dicomweb/tags';
import { frame, value } from './testing';
import { alwaysByPixel, assertShowable, colourOnceDecoded, decodedByArchive } from './transferSyntax';

const prefix = '1.2.840.10008.1.2';

function stored(syntax: string, bits: number, samples = 1, representation = 0, colours = 'MONOCHROME2') {
  return frame({
    [Tag.AvailableTransferSyntaxUID]: value(prefix + syntax),
    [Tag.BitsAllocated]: value(bits),
    [Tag.SamplesPerPixel]: value(samples),
    [Tag.PixelRepresentation]: value(representation),
    [Tag.PhotometricInterpretation]: value(colours),
  });
}

describe('pixels are decoded', () => {
  test.each(['', '.1', '.1.98', '.1.99', '.2', '.4.50', '.4.57', '.4.80', '.4.90', '.4.201', '.4.110', '.5'])(
    'here in %s',
    (syntax) => {
      expect(decodedByArchive(stored(syntax, 16))).toBe(false);
    },
  );

  test.each([
    ['.4.92', 8, 1, 0],
    ['.4.999', 8, 1, 0],
    ['.5', 32, 1, 0],
    ['.4.90', 16, 3, 0],
    ['.4.80', 8, 1, 1],
  ])('by the archive in %s of %d bits', (syntax, bits, samples, representation) => {
    expect(decodedByArchive(stored(syntax, bits, samples, representation))).toBe(true);
  });
});

describe('colours', () => {
  test.each(['CMYK', 'HSV', 'ARGB'])('that nobody uses any more are refused: %s', (colours) => {
    expect(() => {
      assertShowable(stored('.1', 8, 3, 0, colours));
    }).toThrow(UnsupportedError);
  });

  test('of 16 bits are shown in red, green and blue only', () => {
    const check = (colours: string) => () => {
      assertShowable(stored('.1', 16, 3, 0, colours));
    };
    expect(check('YBR_FULL')).toThrow(UnsupportedError);
    expect(check('RGB')).not.toThrow();
    expect(check('YBR_RCT')).not.toThrow();
  });

  test('of wavelets come back as red, green and blue', () => {
    expect(['YBR_RCT', 'YBR_ICT', 'YBR_FULL'].map(colourOnceDecoded)).toEqual(['RGB', 'RGB', 'YBR_FULL']);
  });
});

test('planes are what the header says, but for the codecs that never keep them', () => {
  expect(['.4.50', '.4.90', '.4.203', '.5'].map((syntax) => alwaysByPixel(prefix + syntax))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['.1', '.4.70', '.4.80'].map((syntax) => alwaysByPixel(prefix + syntax))).toEqual([
    false,
    false,
    false,
  ]);
});
