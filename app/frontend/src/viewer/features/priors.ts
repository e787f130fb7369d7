/** The patient's other studies: listed beside the series, shown in any pane, marked so that none is mixed up. */

import { holdsImages } from '../../study/seriesList';
import { interval } from '../../study/samePatient';
import { setAttribute } from '../../ui/dom';
import { PriorList, type PriorCard } from '../../ui/priorList';
import { StudyTag } from '../../ui/studyTag';
import type { Feature, Viewer } from '../feature';
import { cardsOf } from '../layout';
import { reasonFor } from '../notices';
import type { Pane } from '../pane';
import type { Prior } from '../priors';

export function priors(viewer: Viewer): Feature {
  const list = new PriorList(
    (studyUid) => unfold(viewer, studyUid),
    (error) => {
      viewer.noteSession(error);
      return `${reasonFor(error)} Close and open it to try again.`;
    },
  );
  viewer.page.series.element.append(list.element);
  const marks = new Marks(viewer);
  const show = async (): Promise<void> => {
    try {
      const found = await viewer.priors.list();
      list.show(found.map((prior) => cardOf(prior, viewer.data.current?.date ?? '')));
    } catch (error) {
      viewer.noteSession(error);
      viewer.page.status.announce('The list of other studies could not be loaded');
    }
  };
  return {
    imageShown: () => void show(),
    recovered: () => void show(),
    paneMade: (pane) => marks.add(pane),
    paneGone: (pane) => marks.remove(pane),
    opened: () => marks.show(),
    commands: [
      {
        id: 'show-prior',
        label: 'Show the most relevant prior in this viewport',
        group: 'Study',
        keys: ['Shift+p'],
        run: () => void showPrior(viewer),
      },
    ],
  };
}

async function unfold(viewer: Viewer, studyUid: string): Promise<HTMLLIElement[]> {
  const { series } = await viewer.data.addPrior(studyUid);
  return viewer.page.series.cardsFor(cardsOf(series, (uid) => viewer.data.thumbnailUrl(uid)));
}

/** The series that is most like the one in the pane, of the study that one most likely compares with. */
async function showPrior(viewer: Viewer): Promise<void> {
  const pane = viewer.grid.active;
  try {
    const prior =
      (await viewer.priors.toCompare()) ?? (await viewer.priors.list()).find((one) => !one.isDoubtful);
    const series = prior && (await viewer.priors.open(prior)).series.filter(holdsImages);
    const now = viewer.data.series.find(({ uid }) => uid === pane.seriesUid);
    const alike = series?.find(({ description }) => description === now?.description);
    const shown = alike ?? series?.find(({ modality }) => modality === now?.modality) ?? series?.[0];
    if (shown) await viewer.open(pane, shown.uid);
    else viewer.page.status.announce('The patient has no other study with images');
  } catch (error) {
    viewer.noteSession(error);
    viewer.page.status.announce(reasonFor(error));
  }
}

function cardOf(prior: Prior, today: string): PriorCard {
  const { studyUid, date, modalities, description, seriesCount, isDoubtful, viewerUrl } = prior;
  const count = `${seriesCount} series`;
  return {
    studyUid,
    date: date ?? '',
    modalities: modalities.join(', '),
    description,
    details: [date ? interval(today, date) : '', count].filter(Boolean).join(' · '),
    refused: isDoubtful
      ? { text: 'Other name, birth date or sex: opens by itself', href: viewerUrl }
      : undefined,
  };
}

/** A colour and a date on every pane whenever an image of another study is on the screen. */
class Marks {
  private readonly tags = new Map<Pane, StudyTag>();

  constructor(private readonly viewer: Viewer) {}

  add(pane: Pane): void {
    const tag = new StudyTag();
    this.tags.set(pane, tag);
    pane.layers.append(tag.element);
  }

  remove(pane: Pane): void {
    this.tags.delete(pane);
    this.show();
  }

  show(): void {
    const { data } = this.viewer;
    const shown = [...this.tags].map(
      ([pane, tag]) =>
        [pane, tag, pane.seriesUid === undefined ? undefined : data.studyOf(pane.seriesUid)] as const,
    );
    const isMixed = shown.some(([, , study]) => study?.isPrior);
    for (const [pane, tag, study] of shown) {
      const mark = isMixed && study ? study : undefined;
      setAttribute(pane.element, 'data-study', mark && (mark.isPrior ? 'prior' : 'current'));
      tag.show(mark && { ...mark, interval: interval(data.current?.date ?? '', mark.date) });
    }
  }
}
