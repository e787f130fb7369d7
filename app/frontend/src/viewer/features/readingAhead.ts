/** What the reader will most likely open next, fetched while nothing else is to be loaded; and the way to it. */

import type { SpareTask } from '../../render/prefetchPool';
import { holdsImages } from '../../study/seriesList';
import type { Feature, Viewer } from '../feature';
import { isMetered, ownConnection } from '../metered';
import { warmSeries, warmStudy } from '../studyWarmer';
import { studyAfter, type NextStudy } from '../worklistNeighbour';

export function readingAhead(viewer: Viewer): Feature {
  let next: NextStudy | undefined;
  let hasBegun = false;
  const begin = async (): Promise<void> => {
    if (hasBegun) return;
    hasBegun = true;
    const isAllowed = !isMetered(ownConnection());
    if (isAllowed) for (const task of withinThePatient(viewer)) viewer.rendering.prefetch.later(task);
    try {
      next = await studyAfter(viewer.settings.nextUrl);
    } catch {
      return; // The worklist itself still leads on.
    }
    if (!next) return;
    const { studyUid, viewerUrl } = next;
    viewer.page.top.offerNext(viewerUrl);
    viewer.refresh();
    if (isAllowed) viewer.rendering.prefetch.later((signal) => warmStudy(viewer.client, studyUid, signal));
  };
  return {
    imageShown: () => void begin(),
    commands: [
      {
        id: 'next-study',
        label: 'Next study of the worklist',
        group: 'Study',
        keys: ['Shift+n'],
        isEnabled: () => next !== undefined,
        run: () => {
          if (next) location.assign(next.viewerUrl);
        },
      },
    ],
  };
}

/** The other series of the study, then what one most likely compares with. */
function withinThePatient({ client, data, priors, settings }: Viewer): SpareTask[] {
  const first = data.firstSeries(settings.seriesUid);
  const others = data.series.filter((series) => holdsImages(series) && series.uid !== first?.uid);
  return [
    ...others.map(({ uid }): SpareTask => async (signal) => {
      // One that a pane has shown meanwhile is there already.
      if (!data.knownSets(uid)) await warmSeries(client, settings.studyUid, uid, 1, signal);
    }),
    async (signal) => {
      const prior = await priors.toCompare();
      if (prior) await warmStudy(client, prior.studyUid, signal);
    },
  ];
}
