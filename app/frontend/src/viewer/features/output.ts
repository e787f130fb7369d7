/** Taking images out of the viewer: snapshots and prints. */

import { element } from '../../ui/dom';
import { field, FormDialog } from '../../ui/formDialog';
import type { Feature, Viewer } from '../feature';
import type { Pane } from '../pane';
import { printPane } from '../printing';
import { snapshotName, snapshotOf } from '../snapshot';

export function output(viewer: Viewer): Feature {
  const { grid, page } = viewer;
  const dialog = new SnapshotDialog();
  page.addDialog(dialog.element);
  const hasImages = (): boolean => grid.active.view.current.count > 0;
  return {
    commands: [
      {
        id: 'snapshot',
        label: 'Snapshot',
        group: 'Presentation',
        keys: ['Shift+s'],
        run: () => dialog.ask(grid.active, (done) => page.status.showHint(done)),
        button: { place: 'page', icon: 'snapshot' },
        isEnabled: hasImages,
      },
      {
        id: 'print',
        label: 'Print this image',
        group: 'Presentation',
        keys: ['Shift+q'],
        run: () => void printPane(viewer, grid.active),
        button: { place: 'page', icon: 'print' },
        isEnabled: hasImages,
      },
    ],
  };
}

class SnapshotDialog {
  private readonly where = element(
    'select',
    { class: 'viewer-input viewer-select' },
    element('option', { value: 'file' }, 'A file (PNG)'),
    element('option', { value: 'clipboard' }, 'The clipboard'),
  );
  private readonly patient = element('input', { type: 'checkbox' });
  private readonly dialog = new FormDialog(
    'Snapshot',
    'Take',
    field('Put it into', this.where),
    element('label', { class: 'viewer-plane' }, this.patient, 'With patient and study in the picture'),
  );

  get element(): HTMLDialogElement {
    return this.dialog.element;
  }

  ask(pane: Pane, tell: (done: string) => void): void {
    this.patient.checked = false;
    this.dialog.open(async () => {
      const picture = await snapshotOf(pane, { withPatient: this.patient.checked });
      if (this.where.value === 'file') {
        download(picture, snapshotName(pane));
        tell('Snapshot saved');
        return undefined;
      }
      if (!(await isCopied(picture))) {
        return 'The browser does not let pages use the clipboard here. Save the snapshot as a file instead.';
      }
      tell('Snapshot copied');
      return undefined;
    });
  }
}

function download(picture: Blob, name: string): void {
  const url = URL.createObjectURL(picture);
  element('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

async function isCopied(picture: Blob): Promise<boolean> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ [picture.type]: picture })]);
    return true;
  } catch {
    return false;
  }
}
