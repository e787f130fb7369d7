/** Videos, where the browser plays what the object holds. */

import { isAbort } from '../../dicomweb/errors';
import { getBytes } from '../../dicomweb/http';
import { number } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import { frameRateOf, type OtherSet } from '../../study/displaySets';
import { contentFrame, contentNotice, downloadLink } from '../../ui/contentFrame';
import { element } from '../../ui/dom';
import { textDownload, VideoPlayer, type VideoContent } from '../../ui/videoPlayer';
import type { Viewer } from '../feature';
import { reasonFor } from '../notices';
import type { Pane } from '../pane';
import { headingOf, type Content } from './content';

const usualRate = 25;
const streams: Record<string, string | undefined> = {
  'video/mpeg': 'It is in MPEG-2',
  'video/mp2t': 'Its container is an MPEG-2 transport stream',
  'video/h264': 'It is a bare H.264 stream without a container',
  'video/h265': 'It is a bare H.265 stream without a container',
};

export function videoContent(viewer: Viewer, _pane: Pane, set: OtherSet): Content {
  const host = element('div', { class: 'viewer-content-host', 'data-state': 'loading' });
  const url = viewer.client.renderedUrl(set.instance);
  let player: VideoPlayer | undefined;
  let isClosed = false;
  const refuse = (title: string, detail: string, ...actions: HTMLElement[]): void => {
    const { element: frame, body } = contentFrame(headingOf(set), downloadLink(url));
    body.append(contentNotice(title, detail, ...actions, textDownload(url)));
    host.dataset.state = 'error';
    host.replaceChildren(frame);
  };
  const begin = async (): Promise<void> => {
    try {
      const { contentType } = await getBytes(url, { accept: 'video/*', range: { first: 0, last: 0 } });
      if (isClosed) return;
      const reason = streams[contentType];
      if (reason !== undefined) {
        refuse('Browsers do not play this video', `${reason}. Download it to see it in a player.`);
        return;
      }
      player = new VideoPlayer(contentOf(set, url));
      host.dataset.state = 'ready';
      host.replaceChildren(player.element);
    } catch (error) {
      if (isClosed || isAbort(error)) return;
      viewer.noteSession(error);
      const again = element('button', { type: 'button', class: 'viewer-button viewer-primary' }, 'Try again');
      again.addEventListener('click', () => void begin());
      refuse('This video could not be loaded', reasonFor(error), again);
    }
  };
  void begin();
  return {
    element: host,
    close: () => {
      isClosed = true;
      player?.close();
    },
  };
}

function contentOf(set: OtherSet, url: string): VideoContent {
  return {
    title: headingOf(set),
    url,
    rate: frameRateOf(set.instance) ?? usualRate,
    frameCount: number(set.instance, Tag.NumberOfFrames),
  };
}
