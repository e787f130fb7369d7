/** The measuring tools of the library, with our own words for what they find. */

import { cache, type Types as CoreTypes } from '@cornerstonejs/core';
import {
  AngleTool,
  ArrowAnnotateTool,
  BidirectionalTool,
  CircleROITool,
  CobbAngleTool,
  EllipticalROITool,
  LabelTool,
  LengthTool,
  PlanarFreehandROITool,
  ProbeTool,
  RectangleROITool,
  type Types,
} from '@cornerstonejs/tools';
import type { Frame } from '../study/frame';
import { linesOf, quantitiesOf, type Findings, type Quantity } from '../study/measurement';
import { CardiothoracicTool } from './cardiothoracicTool';

export const measureTools = {
  length: LengthTool,
  bidirectional: BidirectionalTool,
  angle: AngleTool,
  cobb: CobbAngleTool,
  cardiothoracic: CardiothoracicTool,
  rectangle: RectangleROITool,
  ellipse: EllipticalROITool,
  circle: CircleROITool,
  freehand: PlanarFreehandROITool,
  probe: ProbeTool,
  arrow: ArrowAnnotateTool,
  label: LabelTool,
} as const;

export type MeasureTool = keyof typeof measureTools;

export const measureToolNames = Object.keys(measureTools) as MeasureTool[];

/** Asks the reader for a text; undefined when they think better of it. */
export type AskText = (present: string) => Promise<string | undefined>;

export interface MeasureContext {
  frameOf(imageId: string): Frame | undefined;
  askText: AskText;
}

type Statistics = Record<string, unknown>;

export function libraryName(tool: MeasureTool): string {
  return measureTools[tool].toolName;
}

export function toolOf(name: string): MeasureTool | undefined {
  return measureToolNames.find((tool) => libraryName(tool) === name);
}

/** What each tool is set up with in the tool group. */
export function configurationOf(tool: MeasureTool, context: MeasureContext): Record<string, unknown> {
  if (tool === 'arrow' || tool === 'label') return textConfiguration(context.askText);
  return {
    // Some tools name one image, some a list of those they lie on.
    getTextLines: (data: Types.Annotation['data'], targets: string | readonly string[]) => {
      const targetId = typeof targets === 'string' ? targets : (targets[0] ?? '');
      const frame = context.frameOf(imageIdOf(targetId));
      return frame && linesOf(quantities(data, targetId, frame), frame);
    },
    shadow: true,
    ...(tool === 'freehand' ? { calculateStats: true, allowOpenContours: false } : {}),
  };
}

export function quantities(data: Types.Annotation['data'], targetId: string, frame: Frame): Quantity[] {
  const statistics = (data.cachedStats as Record<string, Statistics | undefined> | undefined)?.[targetId];
  const imageId = imageIdOf(targetId);
  return statistics ? quantitiesOf(findingsOf(statistics, imageId), frame, !isScaled(imageId)) : [];
}

export function targetIdOf(imageId: string): string {
  return `imageId:${imageId}`;
}

function imageIdOf(targetId: string): string {
  return targetId.replace(/^imageId:/, '');
}

function findingsOf(statistics: Statistics, imageId: string): Findings {
  const found = (name: string): number | undefined => {
    const value = statistics[name];
    return typeof value === 'number' ? value : undefined;
  };
  return {
    length: found('length'),
    width: found('width'),
    radius: found('radius'),
    perimeter: found('perimeter'),
    area: found('area'),
    angle: found('angle'),
    ratio: found('ratio'),
    heart: found('heart'),
    thorax: found('thorax'),
    mean: found('mean'),
    deviation: found('stdDev'),
    least: found('min'),
    most: found('max'),
    value: Array.isArray(statistics.index) ? valueAt(imageId, statistics.index as number[]) : undefined,
  };
}

function imageOf(imageId: string): CoreTypes.IImage | undefined {
  return cache.getImage(imageId);
}

/** Whether the decoders have turned the stored values into those of the modality. */
function isScaled(imageId: string): boolean {
  return imageOf(imageId)?.preScale?.scaled ?? false;
}

/** The library looks a probe's value up by the image's place in the stack, where it finds none. */
function valueAt(imageId: string, [column = -1, row = -1]: readonly number[]): number | undefined {
  const image = imageOf(imageId);
  if (!image || column < 0 || row < 0 || column >= image.columns || row >= image.rows) return undefined;
  return image.color ? undefined : image.getPixelData()[row * image.columns + column];
}

type Done = (text: string) => void;

function textConfiguration(askText: AskText): Record<string, unknown> {
  return {
    shadow: true,
    getTextCallback: (done: Done) => {
      void askText('').then((entered) => {
        done(entered ?? '');
      });
    },
    changeTextCallback: (annotation: Types.Annotation, _event: unknown, done: Done) => {
      const present = annotation.data.label ?? '';
      void askText(present).then((entered) => {
        done(entered ?? present);
      });
    },
  };
}
