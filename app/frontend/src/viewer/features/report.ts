/** The report beside the images: read by whoever may, written and signed by radiologists. */

import type { Feature, Viewer } from '../feature';
import { ReportDesk } from '../reportDesk';

const panelId = 'report';

export function report(viewer: Viewer): Feature {
  const desk = new ReportDesk(viewer);
  const { side } = viewer.page;
  side.add({ id: panelId, label: 'Report', icon: 'report', element: desk.panel.element });
  return {
    recovered: () => desk.goOn(),
    commands: [
      {
        id: 'report',
        label: 'Report',
        group: 'Study',
        keys: ['Shift+e'],
        run: () => {
          side.toggle(panelId);
          if (side.isOpen(panelId)) void desk.open();
        },
        button: { place: 'panels', icon: 'report' },
        isPressed: () => side.isOpen(panelId),
      },
      {
        id: 'insert-comparison',
        label: 'Insert the priors that I opened into the report',
        group: 'Study',
        keys: [],
        run: () => void desk.insertComparison(),
      },
    ],
  };
}
