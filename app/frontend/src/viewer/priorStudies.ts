/** The patient's other studies as the viewer uses them: listed once, opened when they are wanted. */

import { mostRelevant, type Prior, type PriorsClient } from './priors';
import type { OpenStudy, StudyData } from './studyData';

export class PriorStudies {
  private listing: Promise<readonly Prior[]> | undefined;
  private readonly recorded = new Map<string, Promise<void>>();

  constructor(
    private readonly client: PriorsClient,
    private readonly data: () => StudyData,
  ) {}

  /** The most relevant first; asked for once, and again after it failed. */
  list(): Promise<readonly Prior[]> {
    this.listing ??= this.client.list().catch((error: unknown) => {
      this.listing = undefined;
      throw error;
    });
    return this.listing;
  }

  /** The series of a prior. */
  open(prior: Prior): Promise<OpenStudy> {
    return this.data().addPrior(prior.studyUid);
  }

  /** Before the first image of a prior is shown; recorded once a page. */
  mayShow(studyUid: string): Promise<void> {
    const known = this.recorded.get(studyUid);
    if (known) return known;
    const asking = this.client.open(studyUid);
    this.recorded.set(studyUid, asking);
    asking.catch(() => this.recorded.delete(studyUid));
    return asking;
  }

  /** What a reader most likely compares with: none where it is another kind of image. */
  async toCompare(): Promise<Prior | undefined> {
    const listed = await this.list();
    return mostRelevant(listed.filter(({ sameModality }) => sameModality));
  }
}
