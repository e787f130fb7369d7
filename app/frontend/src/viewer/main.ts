/** Entry of the viewer page: asks for the first data, then loads the viewer. */

import './viewer.scss';
import { DicomWebClient } from '../dicomweb/client';
import { askEarly, EarlyFrames } from './early';
import { askRejected } from './rejectedClient';
import { readSettings } from './settings';
import { StudyData } from './studyData';

async function start(root: HTMLElement): Promise<void> {
  const settings = readSettings(root);
  const client = new DicomWebClient(settings.dicomWebRoot);
  const data = new StudyData(client, settings.studyUid, settings.rejected, (uid) =>
    askRejected(settings, uid),
  );
  const frames = new EarlyFrames(client);
  // A failure is met again, and told, by the viewer.
  askEarly(data, client, frames, settings).catch(() => undefined);
  const { ViewerApp } = await import('./app');
  await new ViewerApp(root, settings, client, data, frames).start();
}

const root = document.getElementById('viewer');
if (root) void start(root);
