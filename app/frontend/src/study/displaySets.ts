/** Turning the instances of a series into what one viewport can show: stacks, clips, and what is no image. */

import { number, numbers, text, texts, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { framesOf, type Frame } from './frame';
import { sortFrames, type Order } from './sorting';

export interface ImageSet {
  kind: 'images';
  id: string;
  seriesUid: string;
  frames: Frame[];
  order: Order;
  isClip: boolean;
  /** Frames per second that the acquisition recommends. */
  frameRate: number | undefined;
}

export interface OtherSet {
  kind: 'other';
  id: string;
  seriesUid: string;
  /** A sentence for the reader. */
  message: string;
}

export type DisplaySet = ImageSet | OtherSet;

/** What the viewer says about objects that it cannot draw, by the beginning of their SOP class (PS3.4 annex B). */
const otherKinds: readonly (readonly [string, string])[] = [
  ['1.2.840.10008.5.1.4.1.1.88.59', 'a key object selection'],
  ['1.2.840.10008.5.1.4.1.1.88.', 'a structured report'],
  ['1.2.840.10008.5.1.4.1.1.104.1', 'a PDF document'],
  ['1.2.840.10008.5.1.4.1.1.104.', 'a document'],
  ['1.2.840.10008.5.1.4.1.1.11.', 'a presentation state'],
  ['1.2.840.10008.5.1.4.1.1.9.', 'a waveform'],
  ['1.2.840.10008.5.1.4.1.1.66.4', 'a segmentation'],
  ['1.2.840.10008.5.1.4.1.1.66', 'raw or spatial data'],
  ['1.2.840.10008.5.1.4.1.1.481.2', 'a radiotherapy dose'],
  ['1.2.840.10008.5.1.4.1.1.481.3', 'a radiotherapy structure set'],
  ['1.2.840.10008.5.1.4.1.1.481.', 'a radiotherapy object'],
];

/** Radiotherapy images are images although their SOP class shares the prefix of what is none. */
const imagesAllTheSame = new Set(['1.2.840.10008.5.1.4.1.1.481.1']);
const lastNumber = Number.MAX_SAFE_INTEGER;
const videoSyntax = /^1\.2\.840\.10008\.1\.2\.4\.10\d/;

export function displaySetsOf(instances: readonly DicomObject[]): DisplaySet[] {
  const clips: ImageSet[] = [];
  const others: OtherSet[] = [];
  const singles: Frame[] = [];
  for (const instance of [...instances].sort(byInstanceNumber)) {
    const reason = notAnImage(instance);
    const frames = reason === undefined ? framesOf(instance) : [];
    if (reason !== undefined || frames.length === 0) others.push(otherSet(instance, reason));
    else if (frames.length > 1) clips.push(imageSet(frames, true));
    else singles.push(...frames);
  }
  const stacks = singles.length > 0 ? [imageSet(singles, false)] : [];
  return [...stacks, ...clips, ...others];
}

function byInstanceNumber(a: DicomObject, b: DicomObject): number {
  return (number(a, Tag.InstanceNumber) ?? lastNumber) - (number(b, Tag.InstanceNumber) ?? lastNumber);
}

function imageSet(unsorted: readonly Frame[], isClip: boolean): ImageSet {
  const { frames, order } = sortFrames(unsorted);
  const first = frames[0];
  const seriesUid = first?.seriesUid ?? '';
  return {
    kind: 'images',
    id: isClip ? `${seriesUid}/${first?.sopInstanceUid ?? ''}` : seriesUid,
    seriesUid,
    frames,
    order,
    isClip,
    frameRate: first && frameRateOf(first.instance),
  };
}

/** The recommended rate, or what the frame times amount to (PS3.3 C.7.6.5). */
export function frameRateOf(instance: DicomObject): number | undefined {
  const stated = number(instance, Tag.RecommendedDisplayFrameRate) ?? number(instance, Tag.CineRate);
  if (stated !== undefined && stated > 0) return stated;
  const frameTime = number(instance, Tag.FrameTime);
  if (frameTime !== undefined && frameTime > 0) return 1000 / frameTime;
  // The first increment belongs to the first frame and is zero.
  const increments = numbers(instance, Tag.FrameTimeVector).slice(1);
  const total = increments.reduce((sum, increment) => sum + increment, 0);
  return total > 0 ? (1000 * increments.length) / total : undefined;
}

function notAnImage(instance: DicomObject): string | undefined {
  const sopClass = text(instance, Tag.SOPClassUID) ?? '';
  if (isVideo(instance)) return 'a video, which cannot be played here';
  if (imagesAllTheSame.has(sopClass)) return undefined;
  return otherKinds.find(([prefix]) => sopClass.startsWith(prefix))?.[1];
}

function isVideo(instance: DicomObject): boolean {
  const syntaxes = [
    ...texts(instance, Tag.AvailableTransferSyntaxUID),
    text(instance, Tag.TransferSyntaxUID) ?? '',
  ];
  return syntaxes.some((syntax) => videoSyntax.test(syntax));
}

function otherSet(instance: DicomObject, reason: string | undefined): OtherSet {
  const seriesUid = text(instance, Tag.SeriesInstanceUID) ?? '';
  const title = text(instance, Tag.DocumentTitle);
  const what = reason ?? 'an object without pixel data';
  return {
    kind: 'other',
    id: `${seriesUid}/${text(instance, Tag.SOPInstanceUID) ?? ''}`,
    seriesUid,
    message: `This series holds ${what}${title ? ` (“${title}”)` : ''}. There is no image to show.`,
  };
}
