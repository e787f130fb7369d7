/** Exchange of study notes with the server. */

import type { Note } from '../study/remarks';
import type { OwnRequests } from './ownRequests';

/** Somebody, perhaps the reader in another window, changed or removed the note meanwhile. */
export class NoteConflictError extends Error {
  constructor() {
    super('the note was changed elsewhere');
  }
}

const conflict = 409;

export class NotesClient {
  constructor(
    private readonly url: string,
    private readonly requests: Pick<OwnRequests, 'send'>,
  ) {}

  async list(): Promise<readonly Note[]> {
    const response = await this.requests.send('GET', this.url);
    return ((await response.json()) as { notes: readonly Note[] }).notes;
  }

  /** Keeps a new note (version 0), or the change of one; raises NoteConflictError. */
  async save(uid: string, text: string, version: number): Promise<Note> {
    const response = await this.requests.send('PUT', `${this.url}/${uid}`, { text, version });
    if (response.status === conflict) throw new NoteConflictError();
    return (await response.json()) as Note;
  }

  async remove({ uid, version }: Note): Promise<void> {
    const response = await this.requests.send('DELETE', `${this.url}/${uid}`, { version });
    if (response.status === conflict) throw new NoteConflictError();
  }
}
