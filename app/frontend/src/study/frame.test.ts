import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { framesOf } from './frame';
import { frame, slice, value } from './testing';

describe('frames', () => {
  test('an instance without pixels has none', () => {
    expect(framesOf({ [Tag.Modality]: value('SR') })).toEqual([]);
  });

  test('an enhanced instance takes what belongs to the frame from the functional groups', () => {
    const frames = framesOf(
      slice(1, 0, {
        [Tag.NumberOfFrames]: value(2),
        [Tag.ImagePositionPatient]: undefined,
        [Tag.SharedFunctionalGroupsSequence]: value({
          [Tag.PixelMeasuresSequence]: value({
            [Tag.PixelSpacing]: value(0.7, 0.8),
            [Tag.SliceThickness]: value(2),
          }),
          [Tag.PlaneOrientationSequence]: value({ [Tag.ImageOrientationPatient]: value(0, 1, 0, 0, 0, -1) }),
        }),
        [Tag.PerFrameFunctionalGroupsSequence]: value(
          { [Tag.PlanePositionSequence]: value({ [Tag.ImagePositionPatient]: value(1, 2, 3) }) },
          {
            [Tag.PlanePositionSequence]: value({ [Tag.ImagePositionPatient]: value(2, 2, 3) }),
            [Tag.FrameVOILUTSequence]: value({ [Tag.WindowCenter]: value(7), [Tag.WindowWidth]: value(70) }),
          },
        ),
      }),
    );
    expect(frames.map(({ plane }) => plane?.position)).toEqual([
      [1, 2, 3],
      [2, 2, 3],
    ]);
    expect(frames[0]?.plane?.row).toEqual([0, 1, 0]);
    expect(frames[0]?.pixelSpacing).toEqual([0.7, 0.8]);
    expect(frames[0]?.sliceThickness).toBe(2);
    expect(frames.map(({ windows }) => windows[0]?.width)).toEqual([undefined, 70]);
  });

  test('windows without a width are left out', () => {
    const made = frame({ [Tag.WindowCenter]: value(40, 50), [Tag.WindowWidth]: value(0, 350) });
    expect(made.windows).toEqual([{ center: 50, width: 350, explanation: undefined }]);
  });

  test('a slope of zero cannot be meant', () => {
    expect(frame({ [Tag.RescaleSlope]: value(0), [Tag.RescaleIntercept]: value(-1024) }).rescale).toEqual({
      slope: 1,
      intercept: -1024,
    });
  });
});
