/** Annotations as a part of the viewer: kept on the server, listed beside the images, gone to. */

import type { SavedAnnotation } from '../../study/annotation';
import { AnnotationPanel } from '../../ui/annotationPanel';
import type { Command } from '../../ui/shortcuts';
import { Annotations } from '../annotations';
import { AnnotationsClient } from '../annotationsClient';
import type { Feature, Viewer } from '../feature';
import { MeasurementReports } from '../measurementReports';
import { annotationsUrl } from '../settings';

const panelId = 'measurements';

type Place = Pick<SavedAnnotation, 'seriesUid' | 'sopInstanceUid' | 'frameNumber'>;

export function measurements(viewer: Viewer): Feature {
  const annotations = make(viewer);
  viewer.offers.measurementLines = () => annotations.lines();
  const { studyUid } = viewer.settings;
  const read = new Set([studyUid]);
  return {
    loaded: () => {
      annotations.takeUp();
      void annotations.load(studyUid);
    },
    opened: (_pane, shown) => {
      if (shown?.kind !== 'images') return;
      annotations.opened();
      const owner = shown.frames[0]?.studyUid ?? studyUid;
      read.add(owner);
      void annotations.load(owner);
    },
    recovered: () => annotations.recovered([...read]),
    commands: commandsFor(viewer, annotations),
  };
}

function make(viewer: Viewer): Annotations {
  const { rendering, grid, page } = viewer;
  const { settings } = viewer;
  const { mayAnnotate, studyUid, user } = settings;
  const panel = new AnnotationPanel({
    goTo: (uid) => annotations.goTo(uid),
    remove: (uid) => annotations.remove(uid),
  });
  const reports = new MeasurementReports(viewer, {
    saveAll: () => annotations.saveAll(),
    reload: () => annotations.reload(studyUid),
  });
  panel.addFooter(reports.bar.element);
  page.side.add({ id: panelId, label: 'Measurements', icon: 'measurements', element: panel.element });
  const annotations = new Annotations(
    rendering,
    () => grid.panes.map((pane) => pane.canvasHost),
    new AnnotationsClient(viewer.requests, (uid) => annotationsUrl(settings, uid)),
    panel,
    {
      savingChanged: (text, isUrgent) => {
        page.status.showHint(text);
        if (isUrgent) page.status.announce(text);
      },
      signedOut: (error) => viewer.noteSession(error),
      goTo: (place) => void goTo(viewer, place),
      listed: () => page.side.setCount(panelId, annotations.count),
    },
    {
      mayAnnotate,
      storageKey: `noctis.annotations.${user}.${studyUid}`,
      frames: () => grid.panes.flatMap((pane) => pane.images?.frames ?? []),
    },
  );
  return annotations;
}

/** Shows the image: in the pane that has its series, else in the active one. */
async function goTo(viewer: Viewer, { seriesUid, sopInstanceUid, frameNumber }: Place): Promise<void> {
  const { grid } = viewer;
  const pane = grid.panes.find((candidate) => candidate.seriesUid === seriesUid) ?? grid.active;
  grid.activate(pane);
  if (pane.seriesUid !== seriesUid) await viewer.open(pane, seriesUid);
  const index = pane.images?.frames.findIndex(
    (frame) => frame.sopInstanceUid === sopInstanceUid && frame.frameNumber === frameNumber,
  );
  if (index !== undefined && index >= 0) pane.goTo(index);
}

function commandsFor(viewer: Viewer, annotations: Annotations): Command[] {
  const group = 'Measure';
  const { side } = viewer.page;
  return [
    {
      id: 'remove-selected',
      label: 'Remove what is selected',
      group,
      keys: ['Delete', 'Backspace'],
      run: () => annotations.removeSelected(),
    },
    { id: 'undo', label: 'Undo a measurement', group, keys: ['u'], run: () => annotations.undo() },
    {
      id: 'measurements',
      label: 'Show measurements on the image',
      group,
      keys: ['k'],
      run: () => {
        annotations.toggleVisible();
        viewer.refresh();
      },
      button: { place: 'display', icon: 'visible' },
      isPressed: () => annotations.isVisible,
    },
    {
      id: 'measurement-list',
      label: 'List of measurements',
      group,
      keys: ['m'],
      run: () => side.toggle(panelId),
      button: { place: 'panels', icon: 'measurements' },
      isPressed: () => side.isOpen(panelId),
    },
  ];
}
