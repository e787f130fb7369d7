/** Answers the library's questions about an image from what the archive said about the frame. */

import { Enums, metaData } from '@cornerstonejs/core';
import { number, text } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { calibrationOf, gridSpacing } from '../study/calibration';
import { spaceOf, type Frame } from '../study/frame';
import type { FrameRegistry } from './frameRegistry';
import type { LookupTables } from './lookupTables';
import { isLeftToUs } from './values';

/** Before the library's own providers, which would answer from headers that they have not seen. */
const priority = 10_000;

type Module = Record<string, unknown>;

export function provideMetadata(registry: FrameRegistry, tables: LookupTables): void {
  const answers: Record<string, ((frame: Frame) => Module | undefined) | undefined> = {
    [Enums.MetadataModules.IMAGE_PIXEL]: (frame) => ({
      ...imagePixel(frame),
      ...tables.paletteModule(frame),
    }),
    [Enums.MetadataModules.IMAGE_PLANE]: imagePlane,
    [Enums.MetadataModules.VOI_LUT]: voiLut,
    [Enums.MetadataModules.MODALITY_LUT]: modalityLut,
    [Enums.MetadataModules.GENERAL_SERIES]: generalSeries,
    [Enums.MetadataModules.GENERAL_IMAGE]: generalImage,
    [Enums.MetadataModules.SOP_COMMON]: sopCommon,
    [Enums.MetadataModules.MULTIFRAME]: (frame) => ({ NumberOfFrames: frame.frameCount }),
  };
  metaData.addProvider((type: string, imageId: unknown) => {
    const frame = typeof imageId === 'string' ? registry.adapted(imageId) : undefined;
    return frame && answers[type]?.(frame);
  }, priority);
}

function imagePixel({ pixels }: Frame): Module {
  return { ...pixels, palette: undefined };
}

function imagePlane(frame: Frame): Module {
  const [rowPixelSpacing, columnPixelSpacing] = gridSpacing(frame);
  const { row, column, position } = frame.plane ?? { row: [1, 0, 0], column: [0, 1, 0], position: [0, 0, 0] };
  return {
    frameOfReferenceUID: spaceOf(frame),
    rows: frame.pixels.rows,
    columns: frame.pixels.columns,
    imageOrientationPatient: [...row, ...column],
    rowCosines: [...row],
    columnCosines: [...column],
    imagePositionPatient: [...position],
    sliceThickness: frame.sliceThickness,
    pixelSpacing: [rowPixelSpacing, columnPixelSpacing],
    rowPixelSpacing,
    columnPixelSpacing,
    usingDefaultValues: calibrationOf(frame) === undefined || frame.plane === undefined,
  };
}

/** The function and the tables of the VOI are not the library's business: see `voiLook`. */
function voiLut({ windows }: Frame): Module {
  if (windows.length === 0) return {};
  return {
    windowCenter: windows.map(({ center }) => center),
    windowWidth: windows.map(({ width }) => width),
  };
}

function modalityLut(frame: Frame): Module {
  const { rescale } = frame;
  if (isLeftToUs(frame)) return { rescaleSlope: 1, rescaleIntercept: 0 };
  return { rescaleSlope: rescale.slope, rescaleIntercept: rescale.intercept };
}

function generalSeries({ instance, modality, seriesUid, studyUid }: Frame): Module {
  return {
    modality,
    seriesInstanceUID: seriesUid,
    studyInstanceUID: studyUid,
    seriesNumber: number(instance, Tag.SeriesNumber),
    seriesDescription: text(instance, Tag.SeriesDescription),
  };
}

function generalImage({ sopInstanceUid, instanceNumber }: Frame): Module {
  return { sopInstanceUID: sopInstanceUid, instanceNumber };
}

function sopCommon({ sopClassUid, sopInstanceUid }: Frame): Module {
  return { sopClassUID: sopClassUid, sopInstanceUID: sopInstanceUid };
}
