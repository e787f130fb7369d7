/** Showing a certain image, in whatever series it lies. */

import type { ImagePlace } from '../study/keyObjects';
import type { Viewer } from './feature';

/** In the pane that has its series, else in the active one; false where the image is not there. */
export async function goToImage(viewer: Viewer, place: ImagePlace): Promise<boolean> {
  const { grid } = viewer;
  const { seriesUid, sopInstanceUid, frameNumber } = place;
  const pane = grid.panes.find((candidate) => candidate.seriesUid === seriesUid) ?? grid.active;
  grid.activate(pane);
  const isThere = (): number =>
    pane.images?.frames.findIndex(
      (frame) => frame.sopInstanceUid === sopInstanceUid && frame.frameNumber === frameNumber,
    ) ?? -1;
  if (isThere() < 0) await openPart(viewer, place);
  const index = isThere();
  if (index >= 0) pane.goTo(index);
  return index >= 0;
}

/** A clip of a series is a part of its own. */
async function openPart(viewer: Viewer, { seriesUid, sopInstanceUid }: ImagePlace): Promise<void> {
  const sets = await viewer.data.displaySets(seriesUid).catch(() => []);
  const holder = sets.find(
    (set) => set.kind === 'images' && set.frames.some((frame) => frame.sopInstanceUid === sopInstanceUid),
  );
  await viewer.open(viewer.grid.active, seriesUid, holder?.id);
}
