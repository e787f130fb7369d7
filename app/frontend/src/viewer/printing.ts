/** Printing what a pane shows, or the key images of the study. */

import { printSheet, type PrintedImage } from '../ui/printSheet';
import type { Viewer } from './feature';
import type { KeyImage } from './keyImagesClient';
import type { Pane } from './pane';
import { snapshotOf } from './snapshot';

/** Longest side of a printed key image in pixels: 300 to the inch on half a page. */
const printedSide = 1200;

export async function printPane(viewer: Viewer, pane: Pane): Promise<void> {
  const url = URL.createObjectURL(await snapshotOf(pane, { withPatient: false }));
  await printAll(viewer, [{ url, caption: '' }]);
  URL.revokeObjectURL(url);
}

export async function printKeyImages(viewer: Viewer, images: readonly KeyImage[]): Promise<void> {
  await printAll(
    viewer,
    images.map(({ picture, seriesDescription, instanceNumber, frameNumber }) => ({
      url: `${picture}?side=${printedSide}`,
      caption: [
        seriesDescription,
        instanceNumber === null ? '' : `Image ${instanceNumber}`,
        frameNumber > 1 ? `Frame ${frameNumber}` : '',
      ]
        .filter(Boolean)
        .join(' · '),
    })),
  );
}

async function printAll(viewer: Viewer, images: readonly PrintedImage[]): Promise<void> {
  await printSheet(await viewer.data.load(), images);
}
