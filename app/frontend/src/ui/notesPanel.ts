/** The notes on a study, and a place to write another one. */

import { timeInWords, type Note } from '../study/remarks';
import { element, setText } from './dom';
import { icon } from './icons';
import { TakeBack } from './takeBack';

/** What the server takes. */
const longest = 4000;

export interface NotesEvents {
  /** Resolves to why the note was not kept; undefined when it was. */
  add(text: string): Promise<string | undefined>;
  change(note: Note, text: string): Promise<string | undefined>;
  remove(note: Note): void;
}

export class NotesPanel {
  readonly element: HTMLElement;
  private readonly list = element('ol', { class: 'viewer-remarks' });
  private readonly state = element('p', { class: 'viewer-remarks-state' }, 'Loading …');
  private readonly takeBack = new TakeBack();
  private readonly rows = new Map<string, { note: Note; row: HTMLElement }>();

  constructor(private readonly events: NotesEvents) {
    const writer = noteForm('New note', '', 'Add note', async (text) => events.add(text));
    this.element = element(
      'div',
      { class: 'viewer-remarks-panel' },
      this.state,
      this.list,
      this.takeBack.element,
      writer,
    );
  }

  /** What is being edited stays as it is, whatever the list becomes. */
  show(notes: readonly Note[]): void {
    this.state.hidden = notes.length > 0;
    setText(this.state, 'No notes yet. What you write here is seen by everybody who may see the study.');
    const rows = notes.map((note) => {
      const known = this.rows.get(note.uid);
      const isSame = known && (known.note.version === note.version || isBeingEdited(known.row));
      return [note, isSame ? known.row : this.row(note)] as const;
    });
    this.rows.clear();
    for (const [note, row] of rows) this.rows.set(note.uid, { note, row });
    this.list.replaceChildren(...rows.map(([, row]) => row));
  }

  showProblem(text: string): void {
    this.state.hidden = false;
    setText(this.state, text);
  }

  offerUndo(undo: () => void): void {
    this.takeBack.show('Note removed.', undo);
  }

  private row(note: Note): HTMLElement {
    const row = element('li', { class: 'viewer-remark', 'data-note-uid': note.uid });
    this.read(row, note);
    return row;
  }

  private read(row: HTMLElement, note: Note): void {
    const when = timeInWords(note.changedAt, new Date());
    const edited = note.isEdited ? ' · edited' : '';
    row.replaceChildren(
      element('p', { class: 'viewer-remark-text', dir: 'auto' }, note.text),
      element(
        'footer',
        { class: 'viewer-remark-foot' },
        element('span', {}, element('bdi', {}, note.author), ` · ${when}${edited}`),
        note.mayChange && iconButton('edit', 'Edit note', () => this.write(row, note)),
        note.mayChange && iconButton('remove', 'Remove note', () => this.events.remove(note)),
      ),
    );
  }

  private write(row: HTMLElement, note: Note): void {
    const finish = (): void => this.read(row, this.rows.get(note.uid)?.note ?? note);
    const form = noteForm(
      'Note',
      note.text,
      'Save',
      async (text) => {
        const problem = await this.events.change(note, text);
        if (problem === undefined) finish();
        return problem;
      },
      finish,
    );
    row.replaceChildren(form);
    form.querySelector('textarea')?.focus();
  }
}

/** A text field with its button; what could not be kept stays in it, with the reason. */
function noteForm(
  label: string,
  text: string,
  action: string,
  keep: (text: string) => Promise<string | undefined>,
  cancel?: () => void,
): HTMLFormElement {
  const input = element('textarea', {
    class: 'viewer-input viewer-remark-input',
    'aria-label': label,
    placeholder: label,
    rows: 3,
    maxlength: longest,
    dir: 'auto',
  });
  input.value = text;
  const problem = element('p', { class: 'viewer-problem', role: 'alert', hidden: true });
  const submit = element('button', { type: 'submit', class: 'viewer-button viewer-primary' }, action);
  const back = element('button', { type: 'button', class: 'viewer-button' }, 'Cancel');
  back.addEventListener('click', () => cancel?.());
  const form = element(
    'form',
    { class: 'viewer-remark-form' },
    input,
    problem,
    element('div', { class: 'viewer-dialog-actions' }, cancel && back, submit),
  );
  const send = async (): Promise<void> => {
    if (submit.disabled || input.value.trim() === '') return;
    submit.disabled = true;
    const reason = await keep(input.value);
    submit.disabled = false;
    problem.hidden = reason === undefined;
    setText(problem, reason ?? '');
    if (reason === undefined) input.value = '';
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.ctrlKey) void send();
    else if (event.key === 'Escape') cancel?.();
  });
  return form;
}

function iconButton(name: 'edit' | 'remove', label: string, run: () => void): HTMLElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button', 'aria-label': label, title: label },
    icon(name, 15),
  );
  button.addEventListener('click', run);
  return button;
}

function isBeingEdited(row: HTMLElement): boolean {
  return row.querySelector('form') !== null;
}
