/** Whose images come next where several stacks load at once: every pane's nearest ones before any pane's far ones. */

/** The images that a stack still needs, the nearest to what is on display first. */
export interface LoadPlan {
  readonly imageIds: readonly string[];
  /** Indices into `imageIds`; taken from the front. */
  order: number[];
}

/** How many images the stack that the reader works in gets for one of each other. */
const favouredShare = 3;

interface Entry {
  readonly plan: LoadPlan;
  /** Grows with each image that was taken; the plan with the least has its turn (stride scheduling). */
  taken: number;
}

export class LoadQueue {
  private entries: Entry[] = [];
  private favoured: LoadPlan | undefined;

  get size(): number {
    return this.entries.length;
  }

  add(plan: LoadPlan): void {
    this.remove(plan);
    // A new plan begins level with the others: it neither waits for them nor makes them wait.
    const level = Math.min(...this.entries.map(({ taken }) => taken));
    this.entries.push({ plan, taken: Number.isFinite(level) ? level : 0 });
  }

  remove(plan: LoadPlan): void {
    this.entries = this.entries.filter((entry) => entry.plan !== plan);
  }

  favour(plan: LoadPlan): void {
    this.favoured = plan;
  }

  /** Whether any plan but `except` holds an image. */
  holds(imageId: string, except?: LoadPlan): boolean {
    return this.entries.some(({ plan }) => plan !== except && plan.imageIds.includes(imageId));
  }

  /** Takes the next image that is still wanted. */
  next(isWanted: (imageId: string) => boolean): string | undefined {
    const turns = [...this.entries].sort((one, other) => one.taken - other.taken);
    for (const entry of turns) {
      const imageId = takeFrom(entry.plan, isWanted);
      if (imageId === undefined) continue;
      entry.taken += entry.plan === this.favoured ? 1 / favouredShare : 1;
      return imageId;
    }
    return undefined;
  }
}

function takeFrom(plan: LoadPlan, isWanted: (imageId: string) => boolean): string | undefined {
  for (let index = plan.order.shift(); index !== undefined; index = plan.order.shift()) {
    const imageId = plan.imageIds[index];
    if (imageId !== undefined && isWanted(imageId)) return imageId;
  }
  return undefined;
}
