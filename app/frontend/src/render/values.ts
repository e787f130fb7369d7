/** From decoded samples to the values that the modality means, where the library does not do it, or does it wrongly. */

import { canRenderFloatTextures, getShouldUseCPURendering, utilities, type Types } from '@cornerstonejs/core';
import type { Frame } from '../study/frame';
import {
  modalityValues,
  mostSteps,
  paddingInDark,
  quantised,
  valueRange,
  type Values,
} from '../study/values';

/** The CPU renderer, and graphics cards that cannot blend floating point numbers, want whole numbers in a small range. */
function wantsIntegers(): boolean {
  return getShouldUseCPURendering() || !canRenderFloatTextures();
}

/** Whether the library is to leave the samples alone: it gets negative slopes wrong, and knows no tables. */
export function isLeftToUs(frame: Frame): boolean {
  return isMadeHere(frame) || (wantsIntegers() && !Object.values(frame.rescale).every(Number.isInteger));
}

function isMadeHere({ modalityTable, rescale }: Frame): boolean {
  return modalityTable !== undefined || rescale.slope < 0;
}

/**
 * Brings a decoded greyscale image into the form that is drawn and measured; `entries` are those of the modality's table.
 *
 * The answer is the way from what the image then holds to the modality's values, where the header does not tell it.
 */
export function withValues(
  image: Types.IImage,
  frame: Frame,
  entries: Uint16Array | undefined,
): Frame['rescale'] | undefined {
  if (image.color) return undefined;
  const samples = image.getPixelData() as Values;
  const stored = paddingInDark(samples, frame, isScaled(image));
  const values = isMadeHere(frame) ? modalityValues(stored, frame, entries) : stored;
  if (values !== samples) replace(image, values);
  if (isMadeHere(frame)) markScaled(image);
  return wantsIntegers() ? integersOnly(image, values, frame) : undefined;
}

function integersOnly(image: Types.IImage, values: Values, frame: Frame): Frame['rescale'] | undefined {
  // The CPU renderer would apply these; our own curve has them in it.
  image.slope = 1;
  image.intercept = 0;
  if (!(values instanceof Float32Array) && image.maxPixelValue - image.minPixelValue <= mostSteps)
    return undefined;
  const { words, slope, intercept } = quantised(values);
  const outer = isScaled(image) ? { slope: 1, intercept: 0 } : frame.rescale;
  replace(image, words);
  image.preScale = { enabled: false, scaled: false };
  return { slope: slope * outer.slope, intercept: intercept * outer.slope + outer.intercept };
}

export function isScaled(image: Types.IImage): boolean {
  return image.preScale?.scaled ?? false;
}

function markScaled(image: Types.IImage): void {
  image.preScale = {
    enabled: true,
    scaled: true,
    scalingParameters: { rescaleSlope: 1, rescaleIntercept: 0, modality: '' },
  };
}

function replace(image: Types.IImage, values: Values): void {
  const { low, high } = valueRange(values);
  image.voxelManager = utilities.VoxelManager.createImageVoxelManager({
    scalarData: values,
    width: image.columns,
    height: image.rows,
    numberOfComponents: 1,
  });
  image.getPixelData = () => values;
  image.imageFrame = {
    ...image.imageFrame,
    pixelData: values,
    pixelDataLength: values.length,
    smallestPixelValue: low,
    largestPixelValue: high,
  } as Types.IImageFrame;
  image.dataType = values.constructor.name as Types.PixelDataTypedArrayString;
  image.sizeInBytes = values.byteLength;
  image.minPixelValue = low;
  image.maxPixelValue = high;
}
