/** What is no still image, drawn in its pane: documents, reports, waveforms, videos. */

import type { Content as Kind } from '../../study/displaySets';
import type { Content, MakeContent } from '../content/content';
import { documentContent } from '../content/document';
import { reportContent } from '../content/report';
import { videoContent } from '../content/video';
import { waveformContent } from '../content/waveform';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

const makers: Partial<Record<Kind, MakeContent>> = {
  document: documentContent,
  report: reportContent,
  waveform: waveformContent,
  video: videoContent,
};

export function otherContent(viewer: Viewer): Feature {
  const shown = new Map<Pane, Content>();
  const close = (pane: Pane): void => {
    shown.get(pane)?.close?.();
    shown.delete(pane);
  };
  return {
    paneGone: close,
    opened: (pane, set) => {
      // Called after the content was made, too.
      if (set?.kind !== 'other') close(pane);
    },
    content: (pane, set) => {
      close(pane);
      const content = makers[set.content]?.(viewer, pane, set);
      if (content) shown.set(pane, content);
      return content?.element;
    },
  };
}
