import { describe, expect, it } from 'vitest';
import { PresentationTag as Tag } from '../dicomweb/presentationTags';
import { shutterOf } from './shutter';
import { value } from './testing';

describe('a shutter', () => {
  it('leaves open what lies in all of its shapes, the edges included', () => {
    const shutter = shutterOf({
      [Tag.ShutterShape]: value('RECTANGULAR', 'CIRCULAR', 'POLYGONAL'),
      [Tag.ShutterLeftVerticalEdge]: value('3'),
      [Tag.ShutterRightVerticalEdge]: value('10'),
      [Tag.ShutterUpperHorizontalEdge]: value('2'),
      [Tag.ShutterLowerHorizontalEdge]: value('20'),
      [Tag.CenterOfCircularShutter]: value(11, 6),
      [Tag.RadiusOfCircularShutter]: value(5),
      [Tag.VerticesOfThePolygonalShutter]: value(1, 2, 3, 4, 5, 1),
      [Tag.ShutterPresentationValue]: value(0x8080),
    });
    expect(shutter).toEqual({
      openings: [
        { kind: 'rectangle', from: [2, 1], to: [10, 20] },
        { kind: 'circle', center: [5.5, 10.5], radius: 5 },
        {
          kind: 'polygon',
          points: [
            [1.5, 0.5],
            [3.5, 2.5],
            [0.5, 4.5],
          ],
        },
      ],
      bitmapGroup: undefined,
      colour: 'rgb(128, 128, 128)',
    });
  });

  it('may be a bitmap of an overlay group, in colour', () => {
    const shutter = shutterOf({
      [Tag.ShutterShape]: value('BITMAP'),
      [Tag.ShutterOverlayGroup]: value(0x6002),
      [Tag.ShutterPresentationColorCIELabValue]: value(65535, 0x8080, 0x8080),
    });
    expect(shutter).toEqual({ openings: [], bitmapGroup: 0x6002, colour: 'rgb(255, 255, 255)' });
  });

  it('is none where its shape is not described', () => {
    expect(shutterOf({})).toBeUndefined();
    expect(shutterOf({ [Tag.ShutterShape]: value('CIRCULAR') })).toBeUndefined();
    expect(
      shutterOf({
        [Tag.ShutterShape]: value('POLYGONAL'),
        [Tag.VerticesOfThePolygonalShutter]: value(1, 1, 2, 2),
      }),
    ).toBeUndefined();
  });
});
