import { describe, expect, it } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { PresentationTag } from '../dicomweb/presentationTags';
import { Tag } from '../dicomweb/tags';
import { appliesTo, lookOf, presentationStateOf, type PresentationState } from './presentationState';
import { frame, value } from './testing';

const image = (uid: string, ...frames: number[]): DicomObject => ({
  [PresentationTag.ReferencedSOPInstanceUID]: value(uid),
  ...(frames.length > 0 ? { [PresentationTag.ReferencedFrameNumber]: value(...frames) } : {}),
});
const ofImages = (...images: DicomObject[]): DicomObject => ({
  [PresentationTag.ReferencedImageSequence]: value(...images),
});

function state(more: DicomObject = {}): PresentationState {
  const made = presentationStateOf({
    [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.11.1'),
    [Tag.SOPInstanceUID]: value('1.9'),
    [PresentationTag.ContentLabel]: value('BONE'),
    [PresentationTag.ReferencedSeriesSequence]: value(ofImages(image('1.2.3.1'))),
    ...more,
  });
  if (!made) throw new Error('no presentation state');
  return made;
}

const shown = frame();

describe('a presentation state', () => {
  it('is about the images and frames that it names', () => {
    expect(appliesTo(state(), shown)).toBe(true);
    const others = state({
      [PresentationTag.ReferencedSeriesSequence]: value(ofImages(image('1.2.3.1', 2))),
    });
    expect(appliesTo(others, shown)).toBe(false);
    expect(appliesTo(others, { ...shown, frameNumber: 2 })).toBe(true);
  });

  it('gives the window of the image, in the values of the image', () => {
    const voi = (uid: string, center: number): DicomObject => ({
      ...ofImages(image(uid)),
      [Tag.WindowCenter]: value(center),
      [Tag.WindowWidth]: value(100),
    });
    const other = state({
      [PresentationTag.SoftcopyVOILUTSequence]: value(voi('9.9', 5), voi('1.2.3.1', 40)),
      [Tag.RescaleSlope]: value('0.5'),
      [Tag.RescaleIntercept]: value('-10'),
    });
    const rescaled = { ...shown, rescale: { slope: 2, intercept: -1024 } };
    expect(lookOf(other, rescaled).window).toMatchObject({ center: -824, width: 400 });
    expect(lookOf(state(), shown).window).toBeUndefined();
  });

  it('says how the image is turned and which part is shown', () => {
    const { turn, area } = lookOf(
      state({
        [PresentationTag.ImageRotation]: value(270),
        [PresentationTag.ImageHorizontalFlip]: value('Y'),
        [PresentationTag.DisplayedAreaSelectionSequence]: value({
          [PresentationTag.DisplayedAreaTopLeftHandCorner]: value(4, 3),
          [PresentationTag.DisplayedAreaBottomRightHandCorner]: value(2, 4),
          [PresentationTag.PresentationSizeMode]: value('MAGNIFY'),
          [PresentationTag.PresentationPixelMagnificationRatio]: value(2.5),
        }),
      }),
      shown,
    );
    expect(turn).toEqual({ rotation: 270, flipped: true });
    expect(area).toMatchObject({ mode: 'magnify', from: [4, 2], to: [1, 4], magnification: 2.5 });
  });

  it('draws shapes and words in the order of their layers, in pixels or in parts of the displayed area', () => {
    const annotation = (layer: string, units: string, data: number[]): DicomObject => ({
      [PresentationTag.GraphicLayer]: value(layer),
      [PresentationTag.GraphicObjectSequence]: value({
        [PresentationTag.GraphicAnnotationUnits]: value(units),
        [PresentationTag.GraphicType]: value('POLYLINE'),
        [PresentationTag.GraphicData]: value(...data),
      }),
      [PresentationTag.TextObjectSequence]: value({
        [PresentationTag.AnchorPointAnnotationUnits]: value('PIXEL'),
        [PresentationTag.AnchorPoint]: value(1, 2),
        [PresentationTag.AnchorPointVisibility]: value('Y'),
        [PresentationTag.UnformattedTextValue]: value('one\r\ntwo'),
      }),
    });
    const { layers } = lookOf(
      state({
        [PresentationTag.ImageRotation]: value(90),
        [PresentationTag.DisplayedAreaSelectionSequence]: value({
          [PresentationTag.DisplayedAreaTopLeftHandCorner]: value(1, 4),
          [PresentationTag.DisplayedAreaBottomRightHandCorner]: value(4, 1),
        }),
        [PresentationTag.GraphicLayerSequence]: value(
          { [PresentationTag.GraphicLayer]: value('TOP'), [PresentationTag.GraphicLayerOrder]: value(2) },
          {
            [PresentationTag.GraphicLayer]: value('LOW'),
            [PresentationTag.GraphicLayerOrder]: value(1),
            [PresentationTag.GraphicLayerRecommendedDisplayGrayscaleValue]: value(65535),
          },
        ),
        [PresentationTag.GraphicAnnotationSequence]: value(
          annotation('TOP', 'PIXEL', [0, 0, 4, 2]),
          annotation('LOW', 'DISPLAY', [0, 0, 1, 0.5]),
          { ...annotation('LOW', 'PIXEL', [0, 0, 1, 1]), ...ofImages(image('9.9')) },
        ),
      }),
      shown,
    );
    expect(layers.map(({ name, colour }) => [name, colour])).toEqual([
      ['LOW', 'rgb(255, 255, 255)'],
      ['TOP', undefined],
    ]);
    // Turned by 90 degrees the screen runs along the image's columns from below.
    expect(layers[0]?.graphics.map(({ points }) => points)).toEqual([
      [
        [0, 4],
        [2, 0],
      ],
    ]);
    expect(layers[1]?.graphics[0]?.points).toEqual([
      [0, 0],
      [4, 2],
    ]);
    expect(layers[1]?.texts).toEqual([
      { lines: ['one', 'two'], box: undefined, align: 'left', anchor: [1, 2], showsAnchor: true },
    ]);
  });

  it('tells what of it is not shown', () => {
    const blending = state({ [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.11.4') });
    expect(blending).toMatchObject({
      isSupported: false,
      limits: 'Presentations that blend images are not supported.',
    });
    expect(state().limits).toBeUndefined();
    const compound = value({ [PresentationTag.CompoundGraphicSequence]: value({}) });
    expect(state({ [PresentationTag.GraphicAnnotationSequence]: compound }).limits).toBe(
      'Not all of its drawings are shown.',
    );
    const both = {
      [PresentationTag.GraphicAnnotationSequence]: compound,
      [PresentationTag.PresentationLUTSequence]: value({}),
    };
    expect(state(both).limits).toMatch(/^Its look-up table is not used.* Not all of its drawings/);
    expect(presentationStateOf({ [Tag.SOPClassUID]: value('1.2.840.10008.5.1.4.1.1.2') })).toBeUndefined();
  });
});
