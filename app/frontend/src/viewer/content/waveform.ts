/** Waveforms: curves, or sound where it was recorded as a voice. */

import { text, type DicomObject } from '../../dicomweb/json';
import { Tag } from '../../dicomweb/tags';
import type { OtherSet } from '../../study/displaySets';
import { patientOf } from '../../study/overlayText';
import { dateAndTime } from '../../study/report';
import {
  bytesPerSample,
  physicalValues,
  waveformAnnotations,
  waveformGroups,
  type WaveformGroup,
} from '../../study/waveform';
import { AudioPlayer } from '../../ui/audioPlayer';
import { contentFrame, contentNotice } from '../../ui/contentFrame';
import { element } from '../../ui/dom';
import { WaveformView } from '../../ui/waveformView';
import type { Viewer } from '../feature';
import { reasonFor } from '../notices';
import type { Pane } from '../pane';
import { headingOf, type Content } from './content';

const audio = '1.2.840.10008.5.1.4.1.1.9.4.';
/** What a browser plays (Web Audio API, BaseAudioContext). */
const [slowest, fastest] = [3000, 768_000];

export function waveformContent(viewer: Viewer, _pane: Pane, set: OtherSet): Content {
  const groups = waveformGroups(set.instance);
  const [group] = groups;
  const isAudio = (text(set.instance, Tag.SOPClassUID) ?? '').startsWith(audio);
  if (isAudio && group && group.frequency >= slowest && group.frequency <= fastest) {
    return audioContent(viewer, headingOf(set), group);
  }
  const view = new WaveformView({
    title: headingOf(set),
    identity: identityOf(set.instance),
    groups,
    annotations: waveformAnnotations(set.instance),
    load: (wanted, first, count) => load(viewer, wanted, first, count),
    reasonFor: (error) => {
      viewer.noteSession(error);
      return reasonFor(error);
    },
  });
  return { element: view.element, close: () => view.close() };
}

function identityOf(instance: DicomObject): string {
  const { name, id, birthDate } = patientOf(instance);
  const made = dateAndTime(text(instance, Tag.AcquisitionDateTime) ?? text(instance, Tag.StudyDate));
  return [name, id, birthDate && `born ${birthDate}`, made].filter(Boolean).join(' · ');
}

async function load(
  { client }: Viewer,
  group: WaveformGroup,
  first: number,
  count: number,
): Promise<Float32Array[]> {
  const { source } = group;
  const from = first * bytesPerSample(group);
  const length = count * bytesPerSample(group);
  if (source instanceof Uint8Array) return physicalValues(group, source.subarray(from, from + length));
  if (source === undefined) return group.channels.map(() => new Float32Array());
  return physicalValues(group, await client.bulkDataPart(source, from, length));
}

function audioContent(viewer: Viewer, title: string, group: WaveformGroup): Content {
  const host = element('div', { class: 'viewer-content-host', 'data-state': 'loading' });
  let player: AudioPlayer | undefined;
  let isClosed = false;
  const begin = async (): Promise<void> => {
    host.replaceChildren(contentNotice('Loading', title));
    try {
      const channels = await load(viewer, group, 0, group.sampleCount);
      if (isClosed) return;
      player = new AudioPlayer(title, channels, group.frequency);
      host.dataset.state = 'ready';
      host.replaceChildren(player.element);
    } catch (error) {
      viewer.noteSession(error);
      const { element: frame, body } = contentFrame(title);
      const again = element('button', { type: 'button', class: 'viewer-button viewer-primary' }, 'Try again');
      again.addEventListener('click', () => void begin());
      body.append(contentNotice('The recording could not be loaded', reasonFor(error), again));
      host.dataset.state = 'error';
      host.replaceChildren(frame);
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
