/** Critical results of a study beside its report, and the dialog that notes one. */

import { element } from './dom';
import { field, FormDialog } from './formDialog';

export interface CriticalRow {
  category: string;
  finding: string;
  /** Such as `Acknowledged by Dr X`, `Until 14:05`. */
  state: string;
  isOverdue: boolean;
  url: string;
}

export interface CriticalCategoryChoice {
  id: number;
  name: string;
  minutes: number;
}

export interface CriticalPerson {
  id: number;
  name: string;
}

export interface CriticalValues {
  category: number;
  finding: string;
  /** In the order in which they are told. */
  people: readonly number[];
  /** Somebody without an account, whom the reader calls. */
  clinician: string;
}

export class CriticalSection {
  readonly element = element('section', {
    class: 'report-critical',
    'aria-label': 'Critical results',
    hidden: true,
  });
  private readonly list = element('ul', {});

  constructor(note: () => void) {
    const button = element('button', { type: 'button', class: 'viewer-button' }, 'Note a critical result …');
    button.addEventListener('click', note);
    this.element.append(element('h3', {}, 'Critical results'), this.list, button);
  }

  /** Undefined where they are not for this user. */
  show(rows: readonly CriticalRow[] | undefined): void {
    this.element.hidden = rows === undefined;
    this.list.replaceChildren(
      ...(rows ?? []).map(({ category, finding, state, isOverdue, url }) =>
        element(
          'li',
          { 'data-overdue': isOverdue },
          element('a', { href: url, target: '_blank' }, finding),
          element('span', {}, `${category} · ${state}`),
        ),
      ),
    );
  }
}

const mostTold = 3;

export class CriticalDialog {
  readonly element: HTMLDialogElement;
  private readonly dialog: FormDialog;
  private readonly categories = element('select', { class: 'viewer-input', required: true });
  private readonly finding = element('textarea', {
    class: 'viewer-input',
    rows: 3,
    maxlength: 2000,
    required: true,
  });
  private readonly people = Array.from({ length: mostTold }, () =>
    element('select', { class: 'viewer-input' }),
  );
  private readonly clinician = element('input', {
    type: 'text',
    class: 'viewer-input',
    maxlength: 100,
    autocomplete: 'off',
  });

  constructor() {
    const next = 'Told when nobody before has acknowledged in time; at last the administrators are.';
    this.dialog = new FormDialog(
      'Note a critical result',
      'Note and tell',
      field('Category', this.categories),
      field('Finding', this.finding),
      ...this.people.map((select, index) =>
        field(index === 0 ? 'Tell' : 'Then', select, index === 1 ? next : undefined),
      ),
      field('Clinician without an account', this.clinician, 'You call them, and write down the call.'),
    );
    this.element = this.dialog.element;
  }

  /** `run` notes it, and returns what hindered it, or nothing. */
  open(
    categories: readonly CriticalCategoryChoice[],
    people: readonly CriticalPerson[],
    finding: string,
    run: (values: CriticalValues) => Promise<string | undefined>,
  ): void {
    this.categories.replaceChildren(
      ...categories.map(({ id, name, minutes }) =>
        element('option', { value: id }, `${name}, within ${duration(minutes)}`),
      ),
    );
    for (const select of this.people) {
      const options = people.map(({ id, name }) => element('option', { value: id }, name));
      select.replaceChildren(element('option', { value: '' }, 'Nobody'), ...options);
    }
    this.finding.value = finding;
    this.clinician.value = '';
    this.dialog.open(() => run(this.values));
  }

  private get values(): CriticalValues {
    const chosen = this.people.map((select) => Number(select.value)).filter((id) => id > 0);
    return {
      category: Number(this.categories.value),
      finding: this.finding.value,
      people: [...new Set(chosen)],
      clinician: this.clinician.value.trim(),
    };
  }
}

function duration(minutes: number): string {
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
