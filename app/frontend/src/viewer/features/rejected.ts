/** Rejected images: how many are hidden, a way to see them, and a mark on each that is seen. */

import { reasonOf } from '../../study/rejected';
import { element, setText } from '../../ui/dom';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';

const parameter = 'rejected';

export function rejected({ settings, data, page }: Viewer): Feature {
  const { count, mayShow, isShown, decideUrl } = settings.rejected;
  const tags = new Map<Pane, HTMLElement>();
  if (count > 0) {
    const images = `${String(count)} rejected image${count === 1 ? '' : 's'}`;
    const note = element('p', { class: 'viewer-rejected' }, isShown ? `${images} shown` : `${images} hidden`);
    const words = isShown ? 'Hide' : `Show ${String(count)} rejected`;
    if (mayShow) note.append(element('a', { href: addressFor(!isShown) }, words));
    if (decideUrl) note.append(element('a', { href: decideUrl }, 'Quality control'));
    page.series.element.append(note);
  }
  const mark = (pane: Pane): void => {
    const tag = tags.get(pane);
    if (!tag) return;
    const { frame } = pane.view.current;
    const reason = frame && reasonOf(data.rejectedOf(frame.seriesUid), frame.seriesUid, frame.sopInstanceUid);
    tag.hidden = reason === undefined;
    setText(tag, reason === undefined ? '' : `REJECTED · ${reason}`);
  };
  return {
    paneMade: (pane) => {
      const tag = element('div', { class: 'viewer-rejected-tag', hidden: true });
      tags.set(pane, tag);
      pane.layers.append(tag);
    },
    paneGone: (pane) => tags.delete(pane),
    opened: mark,
    changed: mark,
  };
}

/** The page anew: what is on the screen is put together by what there is to see. */
function addressFor(isShown: boolean): string {
  const address = new URL(location.href);
  if (isShown) address.searchParams.set(parameter, 'shown');
  else address.searchParams.delete(parameter);
  address.searchParams.delete('series');
  return address.href;
}
