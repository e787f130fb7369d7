/** Loads a stack as one block of voxels, tells how far it is, and gives its memory back. */

import { cache, imageLoader, ImageVolume, type Types } from '@cornerstonejs/core';
import { getRenderingCapabilities } from '@cornerstonejs/core/utilities/renderingCapabilities';
import { CorruptDataError, isAbort } from '../../dicomweb/errors';
import { windowFromPixels } from '../../study/autoWindow';
import type { Frame, Window } from '../../study/frame';
import type { VoxelValues } from '../../study/sampling';
import type { VolumeContent } from '../../study/volumeContent';
import { toPoint, type VolumePlan } from '../../study/volumeGeometry';
import type { DeviceLimits, ValueKind } from '../../study/volumeMemory';
import type { Rendering } from '../engine';

/** Part of the image memory that volumes may take; the rest keeps the stack view going. */
const memoryShare = 0.8;
const parallelRequests = 4;

export interface LoadedVolume {
  /** The library's name for it. */
  id: string;
  plan: VolumePlan;
  content: VolumeContent;
  values: VoxelValues;
  /** Least and greatest value. */
  range: readonly [number, number];
  /** The one it came with, else the one that its values suggest. */
  window: Window;
}

/** One of the images could not be loaded: which one, counted from 0 in the order of the block. */
export class VolumeLoadError extends Error {
  constructor(
    readonly frame: Frame,
    cause: unknown,
  ) {
    super('an image of the volume could not be loaded', { cause });
  }
}

const arrays = { Uint8: Uint8Array, Int16: Int16Array, Uint16: Uint16Array, Float32: Float32Array };
const valueLimits: Record<ValueKind, readonly [number, number]> = {
  Uint8: [0, 255],
  Int16: [-32768, 32767],
  Uint16: [0, 65535],
  Float32: [-Infinity, Infinity],
};

export class VolumeStore {
  private readonly loaded = new Map<string, number>();

  constructor(private readonly rendering: Rendering) {}

  get limits(): DeviceLimits {
    const { norm16, norm16Linear } = getRenderingCapabilities();
    return {
      textureSide: textureSide(),
      budget: cache.getMaxCacheSize() * memoryShare,
      has16BitTextures: norm16 && norm16Linear,
    };
  }

  /** Bytes that volumes take now. */
  get taken(): number {
    return [...this.loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * The block's values, image by image.
   *
   * Raises VolumeLoadError for the first image that cannot be had, and an AbortError where `signal` says so.
   */
  async load(
    plan: VolumePlan,
    content: VolumeContent,
    report: (done: number) => void,
    signal: AbortSignal,
  ): Promise<LoadedVolume> {
    const [columns, rows, slices] = plan.dimensions;
    const values = new arrays[content.kind](columns * rows * slices);
    await this.fill(plan, content, values, report, signal);
    const id = volumeId(plan);
    keep(id, plan, content, values);
    this.loaded.set(id, values.byteLength);
    const range = rangeOf(values);
    const window = content.window ?? windowFromPixels(values, ...range);
    return { id, plan, content, values, range, window };
  }

  release({ id, plan }: LoadedVolume): void {
    if (!this.loaded.delete(id)) return;
    const volume = cache.getVolume(id) as ImageVolume | undefined;
    // The library forgets the texture without freeing it on the graphics card.
    (volume as unknown as { vtkOpenGLTexture?: Texture }).vtkOpenGLTexture?.destroyTexture?.();
    cache.removeVolumeLoadObject(id);
    plan.frames.forEach((_, index) => {
      cache.removeImageLoadObject(sliceId(id, index), { force: true });
    });
  }

  private async fill(
    plan: VolumePlan,
    content: VolumeContent,
    values: VoxelValues,
    report: (done: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const queue = plan.frames.map((frame, index) => ({ frame, index }));
    let done = 0;
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        signal.throwIfAborted();
        const image = await this.image(next.frame, signal);
        copySlice(image, next.frame, content, values, next.index);
        report((done += 1));
      }
    };
    try {
      await Promise.all(Array.from({ length: parallelRequests }, work));
    } finally {
      queue.length = 0;
    }
  }

  private async image(frame: Frame, signal: AbortSignal): Promise<Types.IImage> {
    const imageId = this.rendering.registry.register(frame);
    const cancel = (): void => {
      this.rendering.loader.cancel(imageId);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await this.imageThatMayBeCancelled(imageId, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new VolumeLoadError(frame, error);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** The stack view may cancel an image that both wait for; it is asked for again then. */
  private async imageThatMayBeCancelled(imageId: string, signal: AbortSignal): Promise<Types.IImage> {
    try {
      return await this.rendering.loader.image(imageId);
    } catch (error) {
      if (!isAbort(error) || signal.aborted) throw error;
      return this.rendering.loader.image(imageId);
    }
  }
}

interface Texture {
  destroyTexture?(): void;
}

function copySlice(
  image: Types.IImage,
  frame: Frame,
  content: VolumeContent,
  values: VoxelValues,
  index: number,
): void {
  const pixels = image.getPixelData();
  const size = frame.pixels.rows * frame.pixels.columns;
  if (pixels.length !== size) throw new VolumeLoadError(frame, new CorruptDataError('pixels are missing'));
  const isRescaled = image.preScale?.scaled === true;
  const factor = content.factorOf(frame);
  const slope = (isRescaled ? 1 : frame.rescale.slope) * factor;
  const intercept = (isRescaled ? 0 : frame.rescale.intercept) * factor;
  const [least, most] = valueLimits[content.kind];
  const start = index * size;
  for (let at = 0; at < size; at += 1) {
    const value = (pixels[at] ?? 0) * slope + intercept;
    values[start + at] = value < least ? least : value > most ? most : value;
  }
}

function rangeOf(values: VoxelValues): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The same for the same block, so that what the library notes about slices does not grow. */
function volumeId({ frames, step }: VolumePlan): string {
  const [first] = frames;
  return `volume/${first?.sopInstanceUid ?? ''}/${first?.frameNumber ?? 0}/${frames.length}/${step}`;
}

function sliceId(volumeId: string, index: number): string {
  // The library asks nobody for the pixels of what is derived.
  return `derived:${volumeId}/${index}`;
}

/** Hands the block to the library, slice by slice as views of the one array. */
function keep(id: string, plan: VolumePlan, content: VolumeContent, values: VoxelValues): void {
  const [columns, rows] = plan.dimensions;
  const direction = plan.axes.flat() as Types.Mat3;
  const dataType = `${content.kind}Array` as Types.PixelDataTypedArrayString;
  const imageIds = plan.frames.map((_, index) => sliceId(id, index));
  imageIds.forEach((imageId, index) => {
    imageLoader.createAndCacheLocalImage(imageId, {
      scalarData: values.subarray(index * columns * rows, (index + 1) * columns * rows),
      targetBuffer: { type: dataType },
      dimensions: [columns, rows],
      spacing: [plan.spacing[0], plan.spacing[1]],
      origin: [...toPoint(plan, [0, 0, index])],
      direction,
      frameOfReferenceUID: plan.space,
      // Without it the stack view's own images would push out the volume's.
      onCacheAdd: (image) => {
        image.sharedCacheKey = id;
      },
    });
  });
  const volume = new ImageVolume({
    volumeId: id,
    imageIds,
    dimensions: [...plan.dimensions],
    spacing: [...plan.spacing],
    origin: [...plan.origin],
    direction,
    dataType,
    metadata: metadataOf(plan, content),
    numberOfComponents: 1,
  } as unknown as ConstructorParameters<typeof ImageVolume>[0]);
  cache.putVolumeSync(id, volume);
  // Without it the first drawing of it has no values yet, and nothing asks for a second one.
  volume.modified();
}

function metadataOf(plan: VolumePlan, { modality, seriesUid, kind }: VolumeContent): Types.Metadata {
  const bits = kind === 'Uint8' ? 8 : kind === 'Float32' ? 32 : 16;
  return {
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelRepresentation: kind === 'Int16' ? 1 : 0,
    // Its own ways with PET would scale the values a second time.
    Modality: modality === 'PT' ? 'OT' : modality,
    SeriesInstanceUID: seriesUid,
    ImageOrientationPatient: [...plan.axes[0], ...plan.axes[1]],
    PixelSpacing: [plan.spacing[1], plan.spacing[0]],
    FrameOfReferenceUID: plan.space,
    Columns: plan.dimensions[0],
    Rows: plan.dimensions[1],
    voiLut: [],
    VOILUTFunction: 'LINEAR',
  };
}

let knownTextureSide: number | undefined;

function textureSide(): number {
  knownTextureSide ??= measureTextureSide();
  return knownTextureSide;
}

function measureTextureSide(): number {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return 0;
  const side = Number(context.getParameter(context.MAX_3D_TEXTURE_SIZE)) || 0;
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return side;
}
