/** Which frame an image id stands for: the library knows images by such ids only. */

import type { Frame } from '../study/frame';

/** Where frames come from; the viewer hands in the archive's client. */
export interface FrameSource {
  url(frame: Frame): string;
  load(url: string, signal: AbortSignal): Promise<EncodedFrame>;
  bulkData(url: string, signal: AbortSignal): Promise<Uint8Array>;
}

export interface EncodedFrame {
  bytes: Uint8Array;
  transferSyntax: string;
}

const scheme = 'wadors:';

export class FrameRegistry {
  private readonly frames = new Map<string, Frame>();

  constructor(private readonly source: FrameSource) {}

  register(frame: Frame): string {
    const imageId = scheme + this.source.url(frame);
    this.frames.set(imageId, frame);
    return imageId;
  }

  frame(imageId: string): Frame | undefined {
    return this.frames.get(imageId);
  }

  urlOf(imageId: string): string {
    return imageId.slice(scheme.length);
  }
}
