/** One displayable image: a single-frame instance, or one frame of a multi-frame instance (PS3.3 C.7.6). */

import {
  inlineBytes,
  items,
  number,
  numbers,
  text,
  texts,
  type DicomElement,
  type DicomObject,
} from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { toVector, type Vector } from './vector';

export interface Plane {
  position: Vector;
  /** Unit vectors of increasing column index and of increasing row index. */
  row: Vector;
  column: Vector;
}

export interface PaletteChannel {
  /** Number of entries, first mapped value, bits per entry. */
  descriptor: readonly [number, number, number];
  inline: Uint8Array | undefined;
  bulkUri: string | undefined;
}

export interface PixelFormat {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  photometricInterpretation: string;
  planarConfiguration: number;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  pixelRepresentation: number;
  palette?: { red: PaletteChannel; green: PaletteChannel; blue: PaletteChannel };
}

export interface Window {
  center: number;
  width: number;
  explanation?: string | undefined;
}

export interface Frame {
  studyUid: string;
  seriesUid: string;
  sopInstanceUid: string;
  sopClassUid: string;
  modality: string;
  instanceNumber: number | undefined;
  /** Counted from 1, as in the frame URL. */
  frameNumber: number;
  frameCount: number;
  pixels: PixelFormat;
  plane: Plane | undefined;
  /** Distance between rows, then between columns, in millimetres. */
  pixelSpacing: readonly [number, number] | undefined;
  sliceThickness: number | undefined;
  frameOfReferenceUid: string | undefined;
  windows: readonly Window[];
  voiLutFunction: string | undefined;
  rescale: { slope: number; intercept: number };
  /** Everything else that the archive said about the instance. */
  instance: DicomObject;
}

/** Finds an attribute where a frame may hold it: its own functional group, the shared one, the instance. */
class FrameAttributes {
  private readonly own: DicomObject | undefined;
  private readonly shared: DicomObject | undefined;

  constructor(
    private readonly instance: DicomObject,
    frameNumber: number,
  ) {
    this.own = items(instance, Tag.PerFrameFunctionalGroupsSequence)[frameNumber - 1];
    this.shared = items(instance, Tag.SharedFunctionalGroupsSequence)[0];
  }

  holderOf(group: string, tag: string): DicomObject {
    const groups = [this.own, this.shared].map((holder) => items(holder, group)[0]);
    return groups.find((candidate) => candidate?.[tag] !== undefined) ?? this.instance;
  }
}

export function framesOf(instance: DicomObject): Frame[] {
  const frameCount = Math.max(1, number(instance, Tag.NumberOfFrames) ?? 1);
  const pixels = pixelFormat(instance);
  if (pixels === undefined) return [];
  return Array.from({ length: frameCount }, (_, index) => frameOf(instance, pixels, index + 1, frameCount));
}

function frameOf(instance: DicomObject, pixels: PixelFormat, frameNumber: number, frameCount: number): Frame {
  const attributes = new FrameAttributes(instance, frameNumber);
  const measures = attributes.holderOf(Tag.PixelMeasuresSequence, Tag.PixelSpacing);
  const voi = attributes.holderOf(Tag.FrameVOILUTSequence, Tag.WindowCenter);
  return {
    studyUid: text(instance, Tag.StudyInstanceUID) ?? '',
    seriesUid: text(instance, Tag.SeriesInstanceUID) ?? '',
    sopInstanceUid: text(instance, Tag.SOPInstanceUID) ?? '',
    sopClassUid: text(instance, Tag.SOPClassUID) ?? '',
    modality: text(instance, Tag.Modality) ?? '',
    instanceNumber: number(instance, Tag.InstanceNumber),
    frameNumber,
    frameCount,
    pixels,
    plane: planeOf(attributes),
    pixelSpacing: spacing(numbers(measures, Tag.PixelSpacing)),
    sliceThickness: number(
      attributes.holderOf(Tag.PixelMeasuresSequence, Tag.SliceThickness),
      Tag.SliceThickness,
    ),
    frameOfReferenceUid: text(instance, Tag.FrameOfReferenceUID),
    windows: windowsOf(voi),
    voiLutFunction: text(voi, Tag.VOILUTFunction),
    rescale: rescaleOf(attributes.holderOf(Tag.PixelValueTransformationSequence, Tag.RescaleSlope)),
    instance,
  };
}

/** The space that points on the frame are given in; an image that names none has one to itself and its series. */
export function spaceOf(frame: Frame): string {
  return frame.frameOfReferenceUid ?? frame.seriesUid;
}

export function spacing(values: readonly number[]): readonly [number, number] | undefined {
  const [row, column] = values;
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : undefined;
}

function planeOf(attributes: FrameAttributes): Plane | undefined {
  const positionHolder = attributes.holderOf(Tag.PlanePositionSequence, Tag.ImagePositionPatient);
  const orientationHolder = attributes.holderOf(Tag.PlaneOrientationSequence, Tag.ImageOrientationPatient);
  const orientation = numbers(orientationHolder, Tag.ImageOrientationPatient);
  const position = toVector(numbers(positionHolder, Tag.ImagePositionPatient));
  const row = toVector(orientation);
  const column = toVector(orientation, 3);
  return position && row && column ? { position, row, column } : undefined;
}

function windowsOf(holder: DicomObject): Window[] {
  const widths = numbers(holder, Tag.WindowWidth);
  const explanations = texts(holder, Tag.WindowExplanation);
  return numbers(holder, Tag.WindowCenter).flatMap((center, index) => {
    const width = widths[index];
    return width !== undefined && width > 0 ? [{ center, width, explanation: explanations[index] }] : [];
  });
}

function rescaleOf(holder: DicomObject): Frame['rescale'] {
  const slope = number(holder, Tag.RescaleSlope);
  return {
    slope: slope === undefined || slope === 0 ? 1 : slope,
    intercept: number(holder, Tag.RescaleIntercept) ?? 0,
  };
}

function pixelFormat(instance: DicomObject): PixelFormat | undefined {
  const rows = number(instance, Tag.Rows);
  const columns = number(instance, Tag.Columns);
  if (!rows || !columns) return undefined;
  const bitsAllocated = number(instance, Tag.BitsAllocated) ?? 8;
  const bitsStored = number(instance, Tag.BitsStored) ?? bitsAllocated;
  const format: PixelFormat = {
    rows,
    columns,
    samplesPerPixel: number(instance, Tag.SamplesPerPixel) ?? 1,
    photometricInterpretation: text(instance, Tag.PhotometricInterpretation) ?? 'MONOCHROME2',
    planarConfiguration: number(instance, Tag.PlanarConfiguration) ?? 0,
    bitsAllocated,
    bitsStored,
    highBit: number(instance, Tag.HighBit) ?? bitsStored - 1,
    pixelRepresentation: number(instance, Tag.PixelRepresentation) ?? 0,
  };
  const palette = paletteOf(instance);
  return palette ? { ...format, palette } : format;
}

function paletteOf(instance: DicomObject): PixelFormat['palette'] {
  const red = channelOf(instance, Tag.RedPaletteDescriptor, Tag.RedPaletteData);
  const green = channelOf(instance, Tag.GreenPaletteDescriptor, Tag.GreenPaletteData);
  const blue = channelOf(instance, Tag.BluePaletteDescriptor, Tag.BluePaletteData);
  return red && green && blue ? { red, green, blue } : undefined;
}

function channelOf(
  instance: DicomObject,
  descriptorTag: string,
  dataTag: string,
): PaletteChannel | undefined {
  const [count, first, bits] = numbers(instance, descriptorTag);
  const data: DicomElement | undefined = instance[dataTag];
  if (count === undefined || first === undefined || bits === undefined || data === undefined)
    return undefined;
  return {
    // A count of zero stands for 65536 (PS3.3 C.7.6.3.1.5).
    descriptor: [count === 0 ? 65536 : count, first, bits],
    inline: inlineBytes(instance, dataTag),
    bulkUri: data.BulkDataURI,
  };
}
