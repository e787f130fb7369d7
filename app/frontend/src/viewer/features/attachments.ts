/** Files beside the images: referrals, consents, earlier reports. */

import { AttachmentFiles } from '../attachmentFiles';
import type { Feature, Viewer } from '../feature';

const panelId = 'attachments';

export function attachments(viewer: Viewer): Feature {
  const { settings, requests, page } = viewer;
  const { side } = page;
  const files = new AttachmentFiles({
    url: settings.attachmentsUrl,
    requests,
    csrfToken: () => settings.csrfToken,
    counted: (count) => side.setCount(panelId, count),
    noteSession: (error) => viewer.noteSession(error),
  });
  page.addDialog(files.preview.element);
  side.add({ id: panelId, label: 'Attachments', icon: 'attachments', element: files.panel.element });
  return {
    imageShown: () => void files.load(),
    recovered: () => void files.load(),
    commands: [
      {
        id: 'attachments',
        label: 'Files attached to the study',
        group: 'Study',
        keys: ['Shift+t'],
        run: () => {
          side.toggle(panelId);
          if (side.isOpen(panelId)) void files.load();
        },
        button: { place: 'panels', icon: 'attachments' },
        isPressed: () => side.isOpen(panelId),
      },
    ],
  };
}
