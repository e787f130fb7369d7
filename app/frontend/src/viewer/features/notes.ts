/** Notes on the study, beside the images. */

import { HttpError } from '../../dicomweb/errors';
import type { Note } from '../../study/remarks';
import { NotesPanel } from '../../ui/notesPanel';
import type { Feature, Viewer } from '../feature';
import { reasonFor } from '../notices';
import { NoteConflictError, NotesClient } from '../notesClient';

const panelId = 'notes';

export function notes(viewer: Viewer): Feature {
  const { page, settings, requests } = viewer;
  const { side } = page;
  const client = new NotesClient(settings.notesUrl, requests);
  // Of the note that is being written: sent again after a lost answer, it is still one note.
  let draft = crypto.randomUUID();
  const load = async (): Promise<void> => {
    try {
      const found = await client.list();
      panel.show(found);
      side.setCount(panelId, found.length);
    } catch (error) {
      viewer.noteSession(error);
      panel.showProblem(`The notes could not be loaded. ${reasonFor(error)}`);
    }
  };
  /** Why a change was not made; undefined when it was. */
  const attempt = async (change: () => Promise<unknown>): Promise<string | undefined> => {
    try {
      await change();
    } catch (error) {
      viewer.noteSession(error);
      if (error instanceof NoteConflictError) void load();
      return reasonInWords(error);
    }
    await load();
    return undefined;
  };
  const remove = async (note: Note): Promise<void> => {
    const problem = await attempt(() => client.remove(note));
    if (problem !== undefined) panel.showProblem(problem);
    else panel.offerUndo(() => void attempt(() => client.save(note.uid, note.text, 0)));
  };
  const panel = new NotesPanel({
    add: async (text) => {
      const problem = await attempt(() => client.save(draft, text, 0));
      if (problem === undefined) draft = crypto.randomUUID();
      return problem;
    },
    change: (note, text) => attempt(() => client.save(note.uid, text, note.version)),
    remove: (note) => void remove(note),
  });
  side.add({ id: panelId, label: 'Notes', icon: 'notes', element: panel.element });
  return {
    imageShown: () => void load(),
    recovered: () => void load(),
    commands: [
      {
        id: 'notes',
        label: 'Notes on the study',
        group: 'Study',
        keys: ['F4'],
        run: () => {
          side.toggle(panelId);
          if (side.isOpen(panelId)) void load();
        },
        button: { place: 'panels', icon: 'notes' },
        isPressed: () => side.isOpen(panelId),
      },
    ],
  };
}

function reasonInWords(error: unknown): string {
  if (error instanceof NoteConflictError) return 'The note was changed meanwhile; it is shown as it is now.';
  if (error instanceof HttpError && error.detail) return error.detail;
  return `Not saved. ${reasonFor(error)}`;
}
