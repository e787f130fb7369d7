/** Turning the instances of a series into what one viewport can show: stacks, clips, and what is no image. */

import { items, number, numbers, text, texts, type DicomObject } from '../dicomweb/json';
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

/** What is no stack of images, by how it is shown; `none` is only spoken of. */
export type Content = 'document' | 'report' | 'waveform' | 'video' | 'none';

export interface OtherSet {
  kind: 'other';
  id: string;
  seriesUid: string;
  content: Content;
  /** A few words that tell it from the other objects of its series. */
  label: string;
  /** A sentence for the reader, where it is not shown. */
  message: string;
  instance: DicomObject;
}

export type DisplaySet = ImageSet | OtherSet;

interface Kind {
  /** The beginning of its SOP class UID (PS3.4 annex B). */
  prefix: string;
  name: string;
  content?: Content;
}

const otherKinds: readonly Kind[] = [
  { prefix: '1.2.840.10008.5.1.4.1.1.88.59', name: 'a key object selection', content: 'report' },
  { prefix: '1.2.840.10008.5.1.4.1.1.88.', name: 'a structured report', content: 'report' },
  { prefix: '1.2.840.10008.5.1.4.1.1.104.1', name: 'a PDF document', content: 'document' },
  { prefix: '1.2.840.10008.5.1.4.1.1.104.', name: 'a document', content: 'document' },
  { prefix: '1.2.840.10008.5.1.4.1.1.11.', name: 'a presentation state' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.1.1', name: 'a 12-lead ECG', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.1.3', name: 'an ambulatory ECG', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.1.', name: 'an ECG', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.2.', name: 'a hemodynamic waveform', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.3.', name: 'an electrophysiologic waveform', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.4.', name: 'a sound recording', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.5.', name: 'an arterial pulse waveform', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.6.', name: 'a respiratory waveform', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.9.', name: 'a waveform', content: 'waveform' },
  { prefix: '1.2.840.10008.5.1.4.1.1.66.4', name: 'a segmentation' },
  { prefix: '1.2.840.10008.5.1.4.1.1.66', name: 'raw or spatial data' },
  { prefix: '1.2.840.10008.5.1.4.1.1.481.2', name: 'a radiotherapy dose' },
  { prefix: '1.2.840.10008.5.1.4.1.1.481.3', name: 'a radiotherapy structure set' },
  { prefix: '1.2.840.10008.5.1.4.1.1.481.', name: 'a radiotherapy object' },
];

const video: Kind = { prefix: '', name: 'a video', content: 'video' };

/** Radiotherapy images are images although their SOP class shares the prefix of what is none. */
const imagesAllTheSame = new Set(['1.2.840.10008.5.1.4.1.1.481.1']);
const lastNumber = Number.MAX_SAFE_INTEGER;
const videoSyntax = /^1\.2\.840\.10008\.1\.2\.4\.10\d/;

export function displaySetsOf(instances: readonly DicomObject[]): DisplaySet[] {
  const clips: ImageSet[] = [];
  const others: OtherSet[] = [];
  const singles: Frame[] = [];
  for (const instance of [...instances].sort(byInstanceNumber)) {
    const kind = notAnImage(instance);
    const frames = kind === undefined ? framesOf(instance) : [];
    if (kind !== undefined || frames.length === 0) others.push(otherSet(instance, kind));
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

function notAnImage(instance: DicomObject): Kind | undefined {
  const sopClass = text(instance, Tag.SOPClassUID) ?? '';
  if (isVideo(instance)) return video;
  if (imagesAllTheSame.has(sopClass)) return undefined;
  return otherKinds.find(({ prefix }) => sopClass.startsWith(prefix));
}

function isVideo(instance: DicomObject): boolean {
  const syntaxes = [
    ...texts(instance, Tag.AvailableTransferSyntaxUID),
    text(instance, Tag.TransferSyntaxUID) ?? '',
  ];
  return syntaxes.some((syntax) => videoSyntax.test(syntax));
}

function otherSet(instance: DicomObject, kind: Kind | undefined): OtherSet {
  const seriesUid = text(instance, Tag.SeriesInstanceUID) ?? '';
  const title = text(instance, Tag.DocumentTitle) ?? titleOf(instance);
  const what = kind?.name ?? 'an object without pixel data';
  return {
    kind: 'other',
    id: `${seriesUid}/${text(instance, Tag.SOPInstanceUID) ?? ''}`,
    seriesUid,
    content: kind?.content ?? 'none',
    label: title ?? what.replace(/^an? /, '').replace(/^./, (letter) => letter.toUpperCase()),
    message: `This series holds ${what}${title ? ` (“${title}”)` : ''}. There is no image to show.`,
    instance,
  };
}

/** What a document or report is called by its code (PS3.3 C.17.3, C.24.2). */
function titleOf(instance: DicomObject): string | undefined {
  const [code] = items(instance, Tag.ConceptNameCodeSequence);
  return text(code, Tag.CodeMeaning);
}
