/** The study's data as it arrives: the series list first, each series' metadata when it is wanted. */

import type { DicomWebClient } from '../dicomweb/client';
import { NotFoundError } from '../dicomweb/errors';
import { text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf, type DisplaySet } from '../study/displaySets';
import { formatDate, formatTime } from '../study/format';
import { patientOf } from '../study/overlayText';
import { seriesListOf, type SeriesSummary } from '../study/seriesList';
import type { StudyHeading } from '../ui/topBar';

export class StudyData {
  private readonly sets = new Map<string, Promise<DisplaySet[]>>();
  series: readonly SeriesSummary[] = [];

  constructor(
    private readonly client: DicomWebClient,
    private readonly studyUid: string,
  ) {}

  /** Raises NotFoundError when there is no such study for this user. */
  async load(): Promise<StudyHeading> {
    const [study, series] = await Promise.all([
      this.client.study(this.studyUid),
      this.client.seriesOf(this.studyUid),
    ]);
    if (!study) throw new NotFoundError();
    this.series = seriesListOf(series);
    return headingOf(study);
  }

  displaySets(seriesUid: string): Promise<DisplaySet[]> {
    const known = this.sets.get(seriesUid);
    if (known) return known;
    const loading = this.client.seriesMetadata(this.studyUid, seriesUid).then(displaySetsOf);
    this.sets.set(seriesUid, loading);
    loading.catch(() => {
      this.sets.delete(seriesUid);
    });
    return loading;
  }

  thumbnailUrl(seriesUid: string): string {
    return this.client.thumbnailUrl(this.studyUid, seriesUid);
  }
}

function headingOf(study: DicomObject): StudyHeading {
  const date = formatDate(text(study, Tag.StudyDate));
  const time = formatTime(text(study, Tag.StudyTime));
  return {
    patient: patientOf(study),
    description: text(study, Tag.StudyDescription),
    when: [date, time].filter(Boolean).join(' '),
    accession: text(study, Tag.AccessionNumber),
  };
}
