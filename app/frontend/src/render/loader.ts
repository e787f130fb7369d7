/** Loads a frame for the library: from the archive, then through its decoders. */

import { cache, getShouldUseCPURendering, imageLoader, type Types } from '@cornerstonejs/core';
import { createImage } from '@cornerstonejs/dicom-image-loader';
import { CorruptDataError, HttpError, isAbort, UnsupportedError } from '../dicomweb/errors';
import type { Frame } from '../study/frame';
import { preparePixels } from '../study/pixelBytes';
import { assertShowable, decodedByArchive } from '../study/transferSyntax';
import type { EncodedFrame, FrameRegistry, FrameSource } from './frameRegistry';
import type { LookupTables } from './lookupTables';
import { withValues } from './values';

/** The archive's answer where it cannot decode what is stored (PS3.18 8.7.5). */
const notAcceptable = 406;

type LoaderOptions = Record<string, unknown>;

export class FrameLoader {
  private readonly running = new Map<string, AbortController>();
  /** Called after each image that arrived or failed. */
  whenSettled: (() => void) | undefined;

  constructor(
    private readonly registry: FrameRegistry,
    private readonly source: FrameSource,
    private readonly tables: LookupTables,
  ) {}

  /** Takes over from the library's own loader, which neither retries nor cancels. */
  register(): void {
    imageLoader.registerImageLoader('wadors', (imageId: string, options?: LoaderOptions) =>
      this.start(imageId, options ?? {}),
    );
  }

  /** The decoded image, from the cache or on its way there; a failed one can be asked for again. */
  image(imageId: string): Promise<Types.IImage> {
    const known = cache.getImageLoadObject(imageId);
    if (known) return known.promise;
    const promise = imageLoader.loadImage(imageId);
    const cancelFn = (): void => {
      this.cancel(imageId);
    };
    // The cache repeats the failure on a promise of its own; whoever asked for the image deals with it.
    cache.putImageLoadObject(imageId, { promise, cancelFn }).catch(() => undefined);
    return promise;
  }

  /** Images that were asked for and are not there yet. */
  get underway(): readonly string[] {
    return [...this.running.keys()];
  }

  cancel(imageId: string): void {
    this.running.get(imageId)?.abort();
  }

  private start(imageId: string, options: LoaderOptions): Types.IImageLoadObject {
    const controller = new AbortController();
    this.running.set(imageId, controller);
    const promise = this.load(imageId, options, controller.signal).finally(() => {
      this.running.delete(imageId);
      this.whenSettled?.();
    });
    return {
      promise,
      cancelFn: () => {
        controller.abort();
      },
    };
  }

  private async load(imageId: string, options: LoaderOptions, signal: AbortSignal): Promise<Types.IImage> {
    const frame = this.registry.frame(imageId);
    if (!frame) throw new CorruptDataError(`no frame is known as ${imageId}`);
    assertShowable(frame);
    const [encoded] = await Promise.all([
      this.encoded(imageId, frame, signal),
      this.tables.prepare(frame, signal),
    ]);
    const { bytes, changed } = preparePixels(encoded.bytes, encoded.transferSyntax, frame.pixels);
    this.registry.adapt(imageId, changed);
    const image = await decode(imageId, bytes, encoded.transferSyntax, options);
    const rescale = withValues(image, frame, this.tables.entries(frame.modalityTable));
    if (rescale) this.registry.rescale(imageId, rescale);
    return image;
  }

  private async encoded(imageId: string, frame: Frame, signal: AbortSignal): Promise<EncodedFrame> {
    try {
      return await this.source.load(this.registry.urlOf(imageId), decodedByArchive(frame), signal);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== notAcceptable) throw error;
      const form = frame.transferSyntax ?? 'an unknown one';
      throw new UnsupportedError(
        `Neither this viewer nor the archive can decode its transfer syntax, ${form}.`,
        {
          cause: error,
        },
      );
    }
  }
}

async function decode(
  imageId: string,
  bytes: Uint8Array,
  transferSyntax: string,
  options: LoaderOptions,
): Promise<Types.IImage> {
  try {
    // The CPU renderer draws through a canvas, which takes four components only. The decoders need an aligned copy.
    const image = await createImage(imageId, bytes.slice(), transferSyntax, {
      ...options,
      useRGBA: getShouldUseCPURendering(),
    });
    return image as Types.IImage;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new CorruptDataError('the image data could not be decoded', { cause: error });
  }
}
