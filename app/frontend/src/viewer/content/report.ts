/** Structured reports and key object selections, with links to the images of this study. */

import { text } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import type { DisplaySet, OtherSet } from '../../study/displaySets';
import { instanceLabel, reportOf, usualItemLimit, type Reference } from '../../study/report';
import { contentFrame, controlButton } from '../../ui/contentFrame';
import { reportView } from '../../ui/reportView';
import type { Viewer } from '../feature';
import type { Pane } from '../pane';
import { headingOf, type Content } from './content';

const moreTimes = 5;

export function reportContent(viewer: Viewer, pane: Pane, set: OtherSet): Content {
  const print = controlButton('Print', 'print', () => window.print());
  const { element, body } = contentFrame(headingOf(set), print);
  const show = (limit: number): void => {
    body.replaceChildren(
      reportView(reportOf(set.instance, limit), {
        labelOf: (reference) => labelOf(viewer, reference),
        placeOf: (reference) => placeOf(viewer, reference),
        open: (reference) => void openReference(viewer, pane, reference),
        showMore: () => show(limit * moreTimes),
      }),
    );
  };
  show(usualItemLimit);
  return { element };
}

function labelOf({ data, settings }: Viewer, reference: Reference): string | undefined {
  if (reference.studyUid !== undefined && reference.studyUid !== settings.studyUid) return undefined;
  const series = data.series.find(({ uid }) => uid === reference.seriesUid);
  return instanceLabel(reference, series?.number);
}

/** The number of the image, which only its series' metadata tell; undefined where they cannot be had now. */
async function placeOf({ data }: Viewer, reference: Reference): Promise<string | undefined> {
  const series = data.series.find(({ uid }) => uid === reference.seriesUid);
  const sets = series && (await data.displaySets(series.uid).catch(() => undefined));
  for (const set of sets ?? []) {
    const index = placeIn(set, reference);
    if (index !== undefined && index >= 0) return `Image ${index + 1}, series ${series?.number ?? '–'}`;
  }
  return undefined;
}

/** In another pane where there is one, so that the report stays in sight. */
async function openReference(viewer: Viewer, pane: Pane, reference: Reference): Promise<void> {
  try {
    const found = await find(viewer, reference);
    if (!found) {
      viewer.page.status.announce('The study does not hold this image.');
      return;
    }
    const { panes } = viewer.grid;
    const target = panes[(panes.indexOf(pane) + 1) % panes.length] ?? pane;
    viewer.grid.activate(target);
    await viewer.open(target, found.set.seriesUid, found.set.id);
    if (found.index >= 0) target.goTo(found.index);
  } catch (error) {
    viewer.noteSession(error);
    viewer.page.status.announce('The image could not be opened.');
  }
}

interface Found {
  set: DisplaySet;
  /** The image in its stack; -1 for what is no image. */
  index: number;
}

/** The evidence names the series; without it every series is looked into. */
async function find({ data }: Viewer, reference: Reference): Promise<Found | undefined> {
  const stated = data.series.filter(({ uid }) => uid === reference.seriesUid);
  for (const { uid } of stated.length > 0 ? stated : data.series) {
    for (const set of await data.displaySets(uid)) {
      const index = placeIn(set, reference);
      if (index !== undefined) return { set, index };
    }
  }
  return undefined;
}

function placeIn(set: DisplaySet, { sopInstanceUid, frames: [frame = 1] }: Reference): number | undefined {
  if (set.kind !== 'images') {
    return text(set.instance, Tag.SOPInstanceUID) === sopInstanceUid ? -1 : undefined;
  }
  const ofInstance = set.frames.findIndex((candidate) => candidate.sopInstanceUid === sopInstanceUid);
  if (ofInstance < 0) return undefined;
  const exact = set.frames.findIndex(
    (candidate) => candidate.sopInstanceUid === sopInstanceUid && candidate.frameNumber === frame,
  );
  return Math.max(ofInstance, exact);
}
