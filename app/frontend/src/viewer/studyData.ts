/** The data of the studies on the screen: series lists first, each series' metadata when it is wanted. */

import type { DicomWebClient } from '../dicomweb/client';
import { NotFoundError } from '../dicomweb/errors';
import { text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf, type DisplaySet } from '../study/displaySets';
import { formatDate, formatTime } from '../study/format';
import { patientOf } from '../study/overlayText';
import { instancesLeft, nothingRejected, seriesLeft, type Rejected } from '../study/rejected';
import { isOtherPatient, PatientMismatchError } from '../study/samePatient';
import { holdsImages, seriesListOf, toLookAt, type SeriesSummary } from '../study/seriesList';
import type { StudyHeading } from '../ui/topBar';

export interface OpenStudy {
  readonly uid: string;
  readonly isPrior: boolean;
  readonly description: string;
  /** As the reader reads it; empty where the images name none. */
  readonly date: string;
  readonly series: readonly SeriesSummary[];
}

export class StudyData {
  private readonly sets = new Map<string, Promise<DisplaySet[]>>();
  private heading: Promise<StudyHeading> | undefined;
  private mayShow: (studyUid: string) => Promise<void> = () => Promise.reject(new PatientMismatchError());
  private readonly read = new Map<string, readonly DisplaySet[]>();
  private readonly studies = new Map<string, OpenStudy>();
  private readonly studyBySeries = new Map<string, OpenStudy>();
  private readonly rejectedByStudy = new Map<string, Rejected>();
  private patient: DicomObject | undefined;
  /** Of the study that is read. */
  series: readonly SeriesSummary[] = [];

  constructor(
    private readonly client: DicomWebClient,
    private readonly studyUid: string,
    rejected: Rejected = nothingRejected,
    /** Asks what is rejected of another study; without it nothing is. */
    private readonly askRejected: (studyUid: string) => Promise<Rejected> = () =>
      Promise.resolve(nothingRejected),
  ) {
    this.rejectedByStudy.set(studyUid, rejected);
  }

  /** What quality control rejected of the study that a series belongs to. */
  rejectedOf(seriesUid: string): Rejected {
    return this.rejectedByStudy.get(this.studyOf(seriesUid)?.uid ?? this.studyUid) ?? nothingRejected;
  }

  /** Asks whether a prior may be shown beside the study, and has it recorded; raises PatientMismatchError. */
  askBeforePriors(mayShow: (studyUid: string) => Promise<void>): void {
    this.mayShow = mayShow;
  }

  /** Raises NotFoundError when there is no such study for this user; what failed is asked for anew. */
  load(): Promise<StudyHeading> {
    this.heading ??= this.ask();
    this.heading.catch(() => {
      this.heading = undefined;
    });
    return this.heading;
  }

  /** The series to begin with: the one that is wanted, else the first with images. */
  firstSeries(wantedUid: string | undefined): SeriesSummary | undefined {
    const { series } = this;
    return series.find(({ uid }) => uid === wantedUid) ?? series.find(holdsImages) ?? series[0];
  }

  /** Makes the series of another study of the patient known; none of their images is read. */
  async addPrior(studyUid: string): Promise<OpenStudy> {
    const known = this.studies.get(studyUid);
    if (known) return known;
    const [study, series, rejected] = await Promise.all([
      this.client.study(studyUid),
      this.client.seriesOf(studyUid),
      this.askRejected(studyUid),
    ]);
    if (!study) throw new NotFoundError();
    this.rejectedByStudy.set(studyUid, rejected);
    if (!this.patient || isOtherPatient(this.patient, study)) throw new PatientMismatchError();
    return this.studies.get(studyUid) ?? this.add(studyUid, true, study, series);
  }

  get current(): OpenStudy | undefined {
    return this.studies.get(this.studyUid);
  }

  study(studyUid: string): OpenStudy | undefined {
    return this.studies.get(studyUid);
  }

  /** The study that a series belongs to. */
  studyOf(seriesUid: string): OpenStudy | undefined {
    return this.studyBySeries.get(seriesUid);
  }

  /** The series before or after in the list of its study. */
  beside(seriesUid: string | undefined, delta: 1 | -1): SeriesSummary | undefined {
    const series = (seriesUid === undefined ? undefined : this.studyOf(seriesUid)?.series) ?? this.series;
    return series[series.findIndex(({ uid }) => uid === seriesUid) + delta];
  }

  displaySets(seriesUid: string): Promise<DisplaySet[]> {
    const known = this.sets.get(seriesUid);
    if (known) return known;
    const loading = this.readSeries(seriesUid);
    this.sets.set(seriesUid, loading);
    loading.catch(() => {
      this.sets.delete(seriesUid);
    });
    return loading;
  }

  /** What a series holds, where its metadata are there already. */
  knownSets(seriesUid: string): readonly DisplaySet[] | undefined {
    return this.read.get(seriesUid);
  }

  thumbnailUrl(seriesUid: string): string {
    return this.client.thumbnailUrl(this.studyOf(seriesUid)?.uid ?? this.studyUid, seriesUid);
  }

  private async ask(): Promise<StudyHeading> {
    const [study, series] = await Promise.all([
      this.client.study(this.studyUid),
      this.client.seriesOf(this.studyUid),
    ]);
    if (!study) throw new NotFoundError();
    this.patient = study;
    this.series = this.add(this.studyUid, false, study, series).series;
    return headingOf(study);
  }

  private async readSeries(seriesUid: string): Promise<DisplaySet[]> {
    const study = this.studyOf(seriesUid);
    if (study?.isPrior) await this.mayShow(study.uid);
    const instances = await this.client.seriesMetadata(study?.uid ?? this.studyUid, seriesUid);
    const { patient } = this;
    if (study?.isPrior && patient && instances.some((instance) => isOtherPatient(patient, instance))) {
      throw new PatientMismatchError();
    }
    const sets = displaySetsOf(instancesLeft(instances, seriesUid, this.rejectedOf(seriesUid)));
    this.read.set(seriesUid, sets);
    return sets;
  }

  private add(uid: string, isPrior: boolean, study: DicomObject, series: readonly DicomObject[]): OpenStudy {
    const rejected = this.rejectedByStudy.get(uid) ?? nothingRejected;
    const added: OpenStudy = {
      uid,
      isPrior,
      description: text(study, Tag.StudyDescription) ?? '',
      date: formatDate(text(study, Tag.StudyDate)) ?? '',
      // A series that another study has already would be shown as that study's: it is left out.
      series: seriesLeft(toLookAt(seriesListOf(series)), rejected).filter(
        (one) => !this.studyBySeries.has(one.uid),
      ),
    };
    this.studies.set(uid, added);
    for (const one of added.series) this.studyBySeries.set(one.uid, added);
    return added;
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
