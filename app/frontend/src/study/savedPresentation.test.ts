import { describe, expect, it } from 'vitest';
import { Tag } from '../dicomweb/tags';
import type { Affine } from './affine';
import type { Annotation } from './annotation';
import { framesOf } from './frame';
import { alike, graphicsOf, savedPresentation, type PaneLook } from './savedPresentation';
import { frame, slice, value } from './testing';

const shown = frame();
/** Four pixels of 10 points each, in a viewport of 60 × 40. */
const fitted: Affine = { a: 10, b: 0, c: 0, d: 10, e: 10, f: 0 };

function look(more: Partial<PaneLook> = {}): PaneLook {
  return {
    frame: shown,
    toScreen: fitted,
    size: [60, 40],
    window: { center: 40.5, width: 400 },
    inverted: false,
    withShutter: false,
    withOverlays: false,
    ...more,
  };
}

function annotation(tool: string, ...points: [number, number][]): Annotation {
  return {
    uid: 'a',
    tool,
    studyUid: '1.2',
    seriesUid: '1.2.3',
    sopInstanceUid: '1.2.3.1',
    frameNumber: 1,
    frameOfReferenceUid: undefined,
    // Half a millimetre to the pixel.
    points: points.map(([x, y]) => [x / 2, y / 2, 0]),
    contour: [],
    textAt: undefined,
    text: '',
    quantities: [],
  };
}

const words = { label: 'WIDE', description: '' };

describe('what is saved of a pane', () => {
  it('is the window, the turn and the part on the screen', () => {
    expect(savedPresentation(words, look(), [shown], [])).toMatchObject({
      window: { center: 40.5, width: 400 },
      rotation: 0,
      flipped: false,
      inverted: false,
      area: [1, 1, 4, 4],
      images: [{ sopInstanceUid: '1.2.3.1', frames: [] }],
    });
    const uneven = savedPresentation(words, look({ toScreen: { ...fitted, e: 0 } }), [shown], []);
    expect(uneven.area).toEqual([1, 1, 6, 4]);
    const turned = look({ toScreen: { a: 0, b: 20, c: -20, d: 0, e: 60, f: -20 }, inverted: true });
    expect(savedPresentation(words, turned, [shown], [])).toMatchObject({
      rotation: 90,
      inverted: true,
      area: [2, 1, 3, 3],
    });
  });

  it('counts a negative as inverted', () => {
    const negative = frame({ [Tag.PhotometricInterpretation]: value('MONOCHROME1') });
    expect(savedPresentation(words, look({ frame: negative }), [negative], []).inverted).toBe(true);
    expect(savedPresentation(words, look({ frame: negative, inverted: true }), [negative], []).inverted).toBe(
      false,
    );
  });

  it('holds what is drawn, in coordinates of the image', () => {
    const line = {
      ...annotation('length', [0, 0], [2, 1]),
      quantities: [{ name: 'Length', value: 1.118, unit: 'mm' }],
    };
    const [image] = savedPresentation(words, look(), [shown], [line]).images;
    expect(image?.graphics).toEqual([
      {
        kind: 'POLYLINE',
        points: [
          [0.5, 0.5],
          [2.5, 1.5],
        ],
        filled: false,
      },
    ]);
    expect(image?.texts).toEqual([{ text: '1.1 mm', anchor: [2.5, 1.5] }]);
  });

  it('keeps a frame that is drawn on apart from the others', () => {
    const frames = framesOf(slice(1, 0, { [Tag.NumberOfFrames]: value(3) }));
    const line = { ...annotation('length', [0, 0], [2, 1]), frameNumber: 2 };
    const { images } = savedPresentation(words, look(), frames, [line]);
    expect(images.map((image) => [image.frames, image.graphics.length])).toEqual([
      [[1, 3], 0],
      [[2], 1],
    ]);
  });

  it.each([
    ['rectangle', 'POLYLINE', 5],
    ['ellipse', 'ELLIPSE', 4],
    ['circle', 'CIRCLE', 2],
    ['probe', 'POINT', 1],
    ['angle', 'POLYLINE', 4],
  ])('draws a %s as %s', (tool, kind, count) => {
    const drawn = graphicsOf(annotation(tool, [0, 0], [2, 0], [0, 1], [2, 1]), shown);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]?.kind).toBe(kind);
    expect(drawn[0]?.points).toHaveLength(count);
  });

  it('covers only images of the stack that the same values hold for', () => {
    const other = frame({ [Tag.RescaleSlope]: value('2') });
    const third = frame();
    expect(alike(shown, [other, shown, third])).toEqual([shown, third]);
  });
});
