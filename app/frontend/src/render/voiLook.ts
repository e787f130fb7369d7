/** The curve from values to greys, put where each of the library's two renderers looks for it. */

import type { Types } from '@cornerstonejs/core';
import type { Frame, Window } from '../study/frame';
import { curveOf, greyOf } from '../study/voi';

export interface Look {
  window: Window;
  frame: Frame;
  /** Those of the window's table. */
  entries: Uint16Array | undefined;
  inverted: boolean;
  /** From what the image holds to what the modality means. */
  rescale: Frame['rescale'];
}

interface TransferNode {
  x: number;
  r: number;
  g: number;
  b: number;
  midpoint: number;
  sharpness: number;
}

/** An image on the screen, as the graphics library has it. */
interface ImageActor {
  getProperty(): {
    getRGBTransferFunction(index: number): { setNodes(nodes: TransferNode[]): unknown } | undefined;
  };
}

/** The texture that the greys are taken from is made of this curve; the library knows windows alone. */
export function applyToGpu(
  viewport: Types.IStackViewport,
  { window, frame, entries, inverted, rescale }: Look,
): void {
  const actor = viewport.getActors()[0]?.actor as unknown as ImageActor | undefined;
  const nodes = curveOf(window, frame, entries).map(({ value, grey }): TransferNode => {
    const shade = inverted ? 1 - grey : grey;
    const x = (value - rescale.intercept) / rescale.slope;
    return { x, r: shade, g: shade, b: shade, midpoint: 0.5, sharpness: 0 };
  });
  actor?.getProperty().getRGBTransferFunction(0)?.setNodes(nodes);
}

/** The part of the library's viewport that holds what its CPU renderer works with. */
interface CpuViewport {
  _cpuFallbackEnabledElement?: { viewport: { voiLUT?: CpuTable } };
}

interface CpuTable {
  id: string;
  firstValueMapped: number;
  lut: number[];
}

const white = 255;

/** One grey for each whole number that the image holds; the CPU renderer does the inversion. */
export function applyToCpu(viewport: Types.IStackViewport, image: Types.IImage, look: Look): void {
  const element = (viewport as unknown as CpuViewport)._cpuFallbackEnabledElement;
  if (!element) return;
  const { window, frame, entries, rescale } = look;
  const { minPixelValue: low, maxPixelValue: high } = image;
  const lut = Array.from({ length: high - low + 1 }, (_, index) =>
    Math.round(white * greyOf((low + index) * rescale.slope + rescale.intercept, window, frame, entries)),
  );
  // The renderer works out from the greatest entry how many bits there are; no pixel reaches this one.
  lut.push(white);
  const id = [
    window.center,
    window.width,
    window.explanation,
    window.table?.bits,
    low,
    high,
    image.imageId,
  ].join();
  element.viewport.voiLUT = { id, firstValueMapped: low, lut };
}
