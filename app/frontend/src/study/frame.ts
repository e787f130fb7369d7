/** One displayable image: a single-frame instance, or one frame of a multi-frame instance (PS3.3 C.7.6). */

import { items, number, numbers, text, texts, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { storedTable, tablesOf, type StoredTable } from './lookupTable';
import { suvWindows } from './pet';
import { toVector, type Vector } from './vector';

export interface Plane {
  position: Vector;
  /** Unit vectors of increasing column index and of increasing row index. */
  row: Vector;
  column: Vector;
}

export interface Palette {
  red: StoredTable;
  green: StoredTable;
  blue: StoredTable;
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
  /** Floating point numbers of 32 or 64 bits (PS3.3 C.7.6.24). */
  isFloat: boolean;
  palette?: Palette;
}

/** A window, or a look-up table in place of one; then centre and width say which values it covers. */
export interface Window {
  center: number;
  width: number;
  explanation?: string | undefined;
  table?: StoredTable;
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
  /** What the header recommends, tables before windows, as the archive's thumbnails do. */
  windows: readonly Window[];
  voiLutFunction: string | undefined;
  rescale: { slope: number; intercept: number };
  /** The units that the rescale, or the table, leads to; as PS3.3 C.11.1.1.2 names them. */
  rescaleType: string | undefined;
  /** In place of the rescale. */
  modalityTable: StoredTable | undefined;
  /** Stored values that are no part of the image: the least and the greatest. */
  padding: readonly [number, number] | undefined;
  /** Whether small values are bright. */
  isNegative: boolean;
  /** How the archive holds the pixels. */
  transferSyntax: string | undefined;
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
  const shared = { pixels, tables: tablesIn(instance, pixels), frameCount };
  return Array.from({ length: frameCount }, (_, index) => frameOf(instance, shared, index + 1));
}

/** What all frames of an instance have in common. */
interface Shared {
  pixels: PixelFormat;
  tables: { modality: StoredTable | undefined; voi: readonly StoredTable[] };
  frameCount: number;
}

function frameOf(instance: DicomObject, shared: Shared, frameNumber: number): Frame {
  const { pixels, tables, frameCount } = shared;
  const attributes = new FrameAttributes(instance, frameNumber);
  const measures = attributes.holderOf(Tag.PixelMeasuresSequence, Tag.PixelSpacing);
  const modality = text(instance, Tag.Modality) ?? '';
  const voi = attributes.holderOf(Tag.FrameVOILUTSequence, Tag.WindowCenter);
  const transformation = attributes.holderOf(Tag.PixelValueTransformationSequence, Tag.RescaleSlope);
  return {
    studyUid: text(instance, Tag.StudyInstanceUID) ?? '',
    seriesUid: text(instance, Tag.SeriesInstanceUID) ?? '',
    sopInstanceUid: text(instance, Tag.SOPInstanceUID) ?? '',
    sopClassUid: text(instance, Tag.SOPClassUID) ?? '',
    modality,
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
    windows: [...suvWindows({ modality, instance }), ...tables.voi.map(tableWindow), ...windowsOf(voi)],
    // Values of PET are no whole numbers, which LINEAR counts.
    voiLutFunction: text(voi, Tag.VOILUTFunction) ?? (modality === 'PT' ? 'LINEAR_EXACT' : undefined),
    rescale: rescaleOf(transformation),
    rescaleType:
      text(transformation, Tag.RescaleType) ??
      text(items(instance, Tag.ModalityLUTSequence)[0], Tag.ModalityLUTType),
    modalityTable: tables.modality,
    padding: paddingOf(instance),
    // Uptake is read as dark on white.
    isNegative: isNegative(instance, pixels) !== (modality === 'PT'),
    transferSyntax: text(instance, Tag.AvailableTransferSyntaxUID),
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

function tablesIn(instance: DicomObject, { pixelRepresentation }: PixelFormat): Shared['tables'] {
  const isSigned = pixelRepresentation === 1;
  const { slope, intercept } = rescaleOf(instance);
  return {
    modality: tablesOf(instance, Tag.ModalityLUTSequence, isSigned)[0],
    voi: tablesOf(instance, Tag.VOILUTSequence, isSigned || slope < 0 || intercept < 0),
  };
}

export function tableWindow(table: StoredTable): Window {
  const { first, count, explanation } = table;
  return { center: first + count / 2, width: count, explanation, table };
}

/** The shape of the presentation LUT says the same as MONOCHROME1, or corrects it (PS3.3 C.8.11.3.1.2, C.11.6). */
function isNegative(instance: DicomObject, { photometricInterpretation }: PixelFormat): boolean {
  const shape = text(instance, Tag.PresentationLUTShape);
  return shape === undefined ? photometricInterpretation === 'MONOCHROME1' : shape === 'INVERSE';
}

/** PS3.3 C.7.5.1.1.2; the limit may stand at either end. */
function paddingOf(instance: DicomObject): Frame['padding'] {
  const value =
    number(instance, Tag.PixelPaddingValue) ??
    number(instance, Tag.FloatPixelPaddingValue) ??
    number(instance, Tag.DoubleFloatPixelPaddingValue);
  if (value === undefined) return undefined;
  const limit = number(instance, Tag.PixelPaddingRangeLimit) ?? value;
  return [Math.min(value, limit), Math.max(value, limit)];
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
  const pixelRepresentation = number(instance, Tag.PixelRepresentation) ?? 0;
  const format: PixelFormat = {
    rows,
    columns,
    samplesPerPixel: number(instance, Tag.SamplesPerPixel) ?? 1,
    photometricInterpretation: text(instance, Tag.PhotometricInterpretation) ?? 'MONOCHROME2',
    planarConfiguration: number(instance, Tag.PlanarConfiguration) ?? 0,
    bitsAllocated,
    bitsStored,
    highBit: number(instance, Tag.HighBit) ?? bitsStored - 1,
    pixelRepresentation,
    isFloat: Tag.FloatPixelData in instance || Tag.DoubleFloatPixelData in instance,
  };
  const palette = paletteOf(instance, pixelRepresentation === 1);
  return palette ? { ...format, palette } : format;
}

function paletteOf(instance: DicomObject, isSigned: boolean): Palette | undefined {
  const table = (descriptor: string, data: string, segments: string): StoredTable | undefined =>
    storedTable(instance, { descriptor, data, segments }, isSigned);
  const red = table(Tag.RedPaletteDescriptor, Tag.RedPaletteData, Tag.SegmentedRedPaletteData);
  const green = table(Tag.GreenPaletteDescriptor, Tag.GreenPaletteData, Tag.SegmentedGreenPaletteData);
  const blue = table(Tag.BluePaletteDescriptor, Tag.BluePaletteData, Tag.SegmentedBluePaletteData);
  return red && green && blue ? { red, green, blue } : undefined;
}
