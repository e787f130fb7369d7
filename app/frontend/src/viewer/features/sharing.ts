/** The way to the page that makes a link to the study for somebody outside. */

import type { Feature, Viewer } from '../feature';

export function sharing({ settings: { shareUrl } }: Viewer): Feature {
  if (!shareUrl) return {};
  return {
    commands: [
      {
        id: 'share',
        label: 'Share with somebody outside',
        group: 'Study',
        keys: [],
        run: () => location.assign(shareUrl),
        button: { place: 'page', icon: 'share' },
      },
    ],
  };
}
