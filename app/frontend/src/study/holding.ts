/** Who holds a study, in words for the reader who opened it. */

export interface Holding {
  /** Who holds it or was given it. */
  reader: string | null;
  isMine: boolean;
  isHeld: boolean;
  /** Somebody else holds it or was given it, and it is not reported yet. */
  isOfAnother: boolean;
  /** When who holds it claimed it, as ISO 8601. */
  since: string | null;
  isDone: boolean;
  mayHold: boolean;
  mayRelease: boolean;
}

export type HoldingDeed = 'claim' | 'take_over' | 'release';

export interface HoldingWords {
  /** For the bar at the top; absent where there is nothing to say. */
  tag?: { text: string; title: string; isWarning: boolean; deed?: { label: string; deed: HoldingDeed } };
  /** Over the images, where the study is another reader's. */
  warning?: string;
}

/** What is said, and what can be done about it. */
export function holdingInWords(holding: Holding, clock: (iso: string) => string): HoldingWords {
  const { reader, isMine, isHeld, isOfAnother, isDone, mayHold, mayRelease, since } = holding;
  if (isDone) return {};
  if (isOfAnother && reader) {
    const title = isHeld ? `Held by ${reader}` : `Assigned to ${reader}`;
    const tag = { text: reader, title, isWarning: true };
    if (!mayHold) return { tag };
    const warning = isHeld
      ? `${reader} holds this study${since ? ` since ${clock(since)}` : ''}. Do not read it twice.`
      : `This study is assigned to ${reader}.`;
    return { tag: { ...tag, deed: { label: 'Take over', deed: 'take_over' } }, warning };
  }
  if (!mayHold) return {};
  if (isMine && isHeld) {
    const release = { label: 'Release', deed: 'release' } as const;
    const own = { text: 'Yours', title: 'You hold this study', isWarning: false };
    return { tag: mayRelease ? { ...own, deed: release } : own };
  }
  const title = isMine ? 'Assigned to you' : 'Nobody holds this study';
  return {
    tag: { text: isMine ? 'For you' : '', title, isWarning: false, deed: { label: 'Claim', deed: 'claim' } },
  };
}
