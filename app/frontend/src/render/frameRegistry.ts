/** Which frame an image id stands for: the library knows images by such ids only. */

import type { Frame, PixelFormat } from '../study/frame';

/** Where frames come from; the viewer hands in the archive's client. */
export interface FrameSource {
  url(frame: Frame): string;
  /** The frame as it is stored, or, `decoded`, as the archive decodes it. */
  load(url: string, decoded: boolean, signal: AbortSignal): Promise<EncodedFrame>;
  bulkData(url: string, signal: AbortSignal): Promise<Uint8Array>;
}

export interface EncodedFrame {
  bytes: Uint8Array;
  transferSyntax: string;
}

const scheme = 'wadors:';

export class FrameRegistry {
  private readonly frames = new Map<string, Frame>();
  private readonly adaptations = new Map<string, Frame>();

  constructor(private readonly source: FrameSource) {}

  register(frame: Frame): string {
    const imageId = scheme + this.source.url(frame);
    // An image that is loaded already stays with the tables that were fetched for it.
    if (!this.frames.has(imageId)) this.frames.set(imageId, frame);
    return imageId;
  }

  /** The frame as the archive described it. */
  frame(imageId: string): Frame | undefined {
    return this.frames.get(imageId);
  }

  /** The frame as the decoders get it. */
  adapted(imageId: string): Frame | undefined {
    return this.adaptations.get(imageId) ?? this.frames.get(imageId);
  }

  adapt(imageId: string, changed: Partial<PixelFormat>): void {
    const frame = this.frames.get(imageId);
    if (frame && Object.keys(changed).length > 0) {
      this.adaptations.set(imageId, { ...frame, pixels: { ...frame.pixels, ...changed } });
    }
  }

  /** What the loaded pixels have to be multiplied by and added to, where that is not what the header says. */
  rescale(imageId: string, rescale: Frame['rescale']): void {
    const frame = this.frames.get(imageId);
    if (frame) this.frames.set(imageId, { ...frame, rescale });
  }

  get imageIds(): readonly string[] {
    return [...this.frames.keys()];
  }

  urlOf(imageId: string): string {
    return imageId.slice(scheme.length);
  }
}
