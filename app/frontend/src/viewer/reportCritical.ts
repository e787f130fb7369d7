/** Notes critical results of the study, and shows how far they are. */

import {
  CriticalDialog,
  CriticalSection,
  type CriticalCategoryChoice,
  type CriticalPerson,
  type CriticalRow,
  type CriticalValues,
} from '../ui/criticalResults';
import type { OwnRequests } from './ownRequests';
import { troubleOf } from './ownRequests';
import { moment } from './reportWords';

interface WrittenResult {
  category: string;
  finding: string;
  targetAt: string;
  isOverdue: boolean;
  acknowledgedBy: string;
  isWithdrawn: boolean;
  url: string;
}

interface Answer {
  categories: readonly CriticalCategoryChoice[];
  people: readonly CriticalPerson[];
  results: readonly WrittenResult[];
}

/** Somebody acknowledges elsewhere, while the report is open. */
const lookAgainMs = 30_000;

export class ReportCritical {
  readonly section = new CriticalSection(() => void this.note());
  readonly dialog = new CriticalDialog();
  private known: Answer | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly url: string,
    private readonly requests: Pick<OwnRequests, 'json'>,
    private readonly wordsOf: () => string,
    private readonly failed: (error: unknown) => void,
  ) {}

  async load(): Promise<void> {
    try {
      this.take(await this.requests.json('GET', this.url));
    } catch (error) {
      this.failed(error);
    }
  }

  private async note(): Promise<void> {
    await this.load();
    if (!this.known) return;
    const { categories, people } = this.known;
    this.dialog.open(categories, people, this.wordsOf(), (values) => this.send(values));
  }

  private async send({ category, finding, people, clinician }: CriticalValues): Promise<string | undefined> {
    const named = clinician === '' ? [] : [{ name: clinician }];
    const addressees = [...named, ...people.map((user) => ({ user }))];
    try {
      this.take(await this.requests.json('POST', this.url, { category, finding, addressees }));
      return undefined;
    } catch (error) {
      this.failed(error);
      return troubleOf(error);
    }
  }

  private take(answer: unknown): void {
    this.known = answer as Answer;
    this.section.show(this.known.results.map(rowOf));
    clearInterval(this.looking);
    if (this.known.results.some((result) => !result.acknowledgedBy && !result.isWithdrawn))
      this.looking = setInterval(() => void this.load(), lookAgainMs);
  }
}

function rowOf({ acknowledgedBy, isWithdrawn, targetAt, ...row }: WrittenResult): CriticalRow {
  const waiting = `${row.isOverdue ? 'overdue since' : 'until'} ${moment(targetAt)}`;
  const state = isWithdrawn ? 'withdrawn' : acknowledgedBy ? `acknowledged by ${acknowledgedBy}` : waiting;
  return { ...row, state };
}
