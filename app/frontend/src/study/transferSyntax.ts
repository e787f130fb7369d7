/** Which pixels the viewer decodes itself, which it asks the archive for decoded, and which it refuses (PS3.5 A). */

import { UnsupportedError } from '../dicomweb/errors';
import type { Frame } from './frame';

export const bigEndian = '1.2.840.10008.1.2.2';
export const jpegBaseline = '1.2.840.10008.1.2.4.50';

const uncompressed = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.98',
  '1.2.840.10008.1.2.1.99',
  bigEndian,
]);

/** JPEG-LS and JPEG lossless keep planes where they are told to; these never do. */
const byPixel = /^1\.2\.840\.10008\.1\.2\.(4\.(50|51|9\d|1\d\d|20\d)|5)$/;

export function isUncompressed(transferSyntax: string): boolean {
  return uncompressed.has(transferSyntax);
}

/** Whether the decoder gives back the samples of a pixel side by side, whatever the header says of planes. */
export function alwaysByPixel(transferSyntax: string): boolean {
  return byPixel.test(transferSyntax);
}

/** What the browser's decoders know; for the rest the archive is asked. */
const decodable = /^1\.2\.840\.10008\.1\.2\.(4\.(50|51|57|70|80|81|90|91|11[0-2]|20[1-3])|5|8\.1)$/;

const shown = new Set([
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'XYB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
]);

type Encoded = Pick<Frame, 'pixels' | 'transferSyntax'>;

/** Raises UnsupportedError, with a sentence for the reader, where any picture would be a wrong one. */
export function assertShowable({ pixels }: Encoded): void {
  const { photometricInterpretation: colours, bitsAllocated, samplesPerPixel } = pixels;
  if (!shown.has(colours)) {
    throw new UnsupportedError(`Its colours are stored as ${colours}, which cannot be shown here.`);
  }
  if (samplesPerPixel > 1 && bitsAllocated > 8 && colours !== 'RGB' && !isWavelet(colours)) {
    throw new UnsupportedError(`Colours in ${bitsAllocated} bits stored as ${colours} cannot be shown here.`);
  }
}

/** The colour spaces of JPEG 2000, whose decoders give back red, green and blue. */
function isWavelet(colours: string): boolean {
  return colours === 'YBR_RCT' || colours === 'YBR_ICT';
}

/** Whether the browser's decoders cannot do it, or would do it wrongly. */
export function decodedByArchive({ pixels, transferSyntax }: Encoded): boolean {
  if (transferSyntax === undefined || isUncompressed(transferSyntax)) return false;
  if (!decodable.test(transferSyntax)) return true;
  const { bitsAllocated, samplesPerPixel, pixelRepresentation } = pixels;
  if (bitsAllocated > 16 || (bitsAllocated > 8 && samplesPerPixel > 1)) return true;
  return bitsAllocated === 8 && pixelRepresentation === 1;
}

/** How the colours are stored once the archive has decoded them. */
export function colourOnceDecoded(colours: string): string {
  return isWavelet(colours) || colours === 'XYB' ? 'RGB' : colours;
}
