/** The bits of overlay planes as pictures: fetched where the metadata left them out, painted once in each colour. */

import type { DicomWebClient } from '../dicomweb/client';
import { transferSyntaxOf } from '../dicomweb/multipart';
import type { Frame } from '../study/frame';
import { embeddedMask, maskOf, planeFrameOver, type OverlayPlane } from '../study/overlayPlanes';
import type { PlanePicture } from '../ui/presentationLayer';

const bigEndian = '1.2.840.10008.1.2.2';
/** Regions are filled, and what lies below them must stay visible. */
const regionOpacity = 0.45;
const most = 64;

export class OverlayBits {
  private readonly bytes = new Map<string, Promise<Uint8Array>>();
  private readonly pictures = new Map<string, Promise<PlanePicture | undefined>>();

  constructor(private readonly client: DicomWebClient) {}

  /** The plane over one frame; undefined where it has nothing there. `owner` is the object that holds the plane. */
  picture(
    plane: OverlayPlane,
    owner: string,
    frame: Frame,
    colour: string,
  ): Promise<PlanePicture | undefined> {
    const planeFrame = planeFrameOver(plane, frame.frameNumber);
    if (planeFrame === undefined) return Promise.resolve(undefined);
    const imageFrame = plane.embeddedBit === undefined ? '' : frame.frameNumber;
    const key = [owner, plane.group, planeFrame, imageFrame, colour].join('/');
    const known = this.pictures.get(key);
    if (known) return known;
    const made = this.mask(plane, planeFrame, owner, frame).then((mask) => painted(plane, mask, colour));
    remember(this.pictures, key, made);
    return made;
  }

  private async mask(
    plane: OverlayPlane,
    planeFrame: number,
    owner: string,
    frame: Frame,
  ): Promise<Uint8Array> {
    if (plane.embeddedBit !== undefined) return this.maskInPixels(plane.embeddedBit, frame);
    return maskOf(plane, plane.inline ?? (await this.bulk(plane, owner)), planeFrame);
  }

  private bulk({ group, bulkUri }: OverlayPlane, owner: string): Promise<Uint8Array> {
    const key = `${owner}/${group}`;
    const known = this.bytes.get(key);
    if (known) return known;
    const loading = this.client.bulkData(bulkUri ?? '');
    remember(this.bytes, key, loading);
    return loading;
  }

  /** The browser keeps the frame that is on display: this asks the server no second time. */
  private async maskInPixels(bit: number, frame: Frame): Promise<Uint8Array> {
    const { studyUid, seriesUid, sopInstanceUid, frameNumber, pixels } = frame;
    const url = this.client.frameUrl(studyUid, seriesUid, sopInstanceUid, frameNumber);
    const { bytes, contentType } = await this.client.frame(url);
    return embeddedMask(bytes, {
      bit,
      count: pixels.rows * pixels.columns,
      bitsAllocated: pixels.bitsAllocated,
      bigEndian: transferSyntaxOf(contentType) === bigEndian,
    });
  }
}

/** Keeps the latest ones, and none that failed. */
function remember<Value>(known: Map<string, Promise<Value>>, key: string, value: Promise<Value>): void {
  known.set(key, value);
  value.catch(() => known.delete(key));
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}

function painted(plane: OverlayPlane, mask: Uint8Array, colour: string): PlanePicture | undefined {
  const picture = document.createElement('canvas');
  picture.width = plane.columns;
  picture.height = plane.rows;
  const canvas = picture.getContext('2d');
  if (!canvas) return undefined;
  const image = canvas.createImageData(plane.columns, plane.rows);
  const opacity = plane.type === 'R' ? regionOpacity : 1;
  mask.forEach((bit, pixel) => {
    if (bit) image.data[pixel * 4 + 3] = Math.round(255 * opacity);
  });
  canvas.putImageData(image, 0, 0);
  // The colour goes where the bits are.
  canvas.globalCompositeOperation = 'source-in';
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, plane.columns, plane.rows);
  return { picture, at: [plane.origin[1] - 1, plane.origin[0] - 1] };
}
