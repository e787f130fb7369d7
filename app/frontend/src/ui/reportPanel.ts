/** The report beside the images: its sections, what can be done with it, and how it stands. */

import { element, setAttribute, setText } from './dom';
import { icon, type IconName } from './icons';

export interface ReportPanelState {
  /** Such as `Draft`, `Final`; empty where there is no report. */
  label: string;
  /** Who signed it and when, who writes on it, or what was saved. */
  note: string;
  isWriting: boolean;
  mayBegin: boolean;
  mayTakeOver: boolean;
  mayRelease: boolean;
  maySign: boolean;
  mayAdd: boolean;
  isThere: boolean;
}

export interface ReportPanelEvents {
  begin: () => void;
  takeOver: () => void;
  end: () => void;
  release: () => void;
  sign: () => void;
  add: () => void;
  style: (name: 'bold' | 'italic' | 'bulletList' | 'orderedList') => void;
  insertMeasurements: () => void;
  insertImage: () => void;
  insertKeyImages: () => void;
}

/** What others make for the panel, by where it stands. */
export interface ReportPanelParts {
  /** Above everything: what cannot wait. */
  notices: readonly HTMLElement[];
  /** Above the sections. */
  head: readonly HTMLElement[];
  /** In the row of tools. */
  tools: readonly HTMLElement[];
  /** Below the addenda. */
  foot: readonly HTMLElement[];
}

interface Part {
  place: HTMLElement;
  box: HTMLElement;
}

export class ReportPanel {
  readonly element: HTMLElement;
  private readonly label = element('span', { class: 'report-state' });
  private readonly note = element('span', { class: 'report-note', role: 'status' });
  private readonly sections = element('div', { class: 'report-sections' });
  private readonly empty = element('p', { class: 'report-empty' }, 'There is no report on this study yet.');
  private readonly tools: HTMLElement;
  private readonly actions: Record<keyof ActionShown, HTMLButtonElement>;
  private readonly page: HTMLAnchorElement;
  private readonly addenda = element('div', { class: 'report-addenda' });
  private readonly parts = new Map<string, Part>();

  constructor(
    titles: ReadonlyMap<string, string>,
    pageUrl: string,
    private readonly events: ReportPanelEvents,
    others: ReportPanelParts,
  ) {
    this.page = element('a', { class: 'viewer-button', href: pageUrl, target: '_blank' }, 'Read and print');
    this.actions = {
      begin: action('Write', events.begin, true),
      takeOver: action('Take over', events.takeOver),
      end: action('Close', events.end),
      release: action('Preliminary', events.release),
      sign: action('Sign …', events.sign, true),
      add: action('Addendum …', events.add),
    };
    this.tools = this.toolRow(others.tools);
    for (const [key, title] of titles) this.addPart(key, title);
    this.element = element(
      'div',
      { class: 'report-panel' },
      element('div', { class: 'report-head' }, this.label, this.note),
      ...others.notices,
      this.tools,
      ...others.head,
      this.empty,
      this.sections,
      this.addenda,
      ...others.foot,
      element('div', { class: 'report-actions' }, ...Object.values(this.actions), this.page),
    );
  }

  /** Where the editor of a section goes. */
  placeOf(key: string): HTMLElement | undefined {
    return this.parts.get(key)?.place;
  }

  /** A section that says nothing is left out where nobody writes. */
  showSection(key: string, visible: boolean): void {
    const box = this.parts.get(key)?.box;
    if (box) box.hidden = !visible;
  }

  show(state: ReportPanelState): void {
    setText(this.label, state.label);
    this.label.hidden = state.label === '';
    setText(this.note, state.note);
    this.tools.hidden = !state.isWriting;
    this.empty.hidden = state.isThere || state.isWriting;
    this.page.hidden = !state.isThere;
    setAttribute(this.element, 'data-writing', state.isWriting);
    const shown: ActionShown = {
      begin: state.mayBegin,
      takeOver: state.mayTakeOver,
      end: state.isWriting,
      release: state.mayRelease,
      sign: state.maySign,
      add: state.mayAdd,
    };
    for (const [name, visible] of Object.entries(shown))
      this.actions[name as keyof ActionShown].hidden = !visible;
  }

  /** Places for the addenda, each under the words on who signed it. */
  showAddenda(heads: readonly string[]): HTMLElement[] {
    const places = heads.map(() => element('div', { class: 'report-editor' }));
    this.addenda.replaceChildren(
      ...heads.map((head, index) =>
        element('section', { class: 'report-section' }, element('h3', {}, head), places[index]),
      ),
    );
    return places;
  }

  private addPart(key: string, title: string): void {
    const place = element('div', { class: 'report-editor' });
    const box = element(
      'section',
      { class: 'report-section', 'data-section': key },
      element('h3', {}, title),
      place,
    );
    this.parts.set(key, { place, box });
    this.sections.append(box);
  }

  private toolRow(others: readonly HTMLElement[]): HTMLElement {
    const { style, insertMeasurements, insertImage, insertKeyImages } = this.events;
    return element(
      'div',
      { class: 'report-tools', role: 'toolbar', 'aria-label': 'Text' },
      tool('Bold', 'bold', () => style('bold')),
      tool('Italic', 'italic', () => style('italic')),
      tool('List', 'list', () => style('bulletList')),
      tool('Numbered list', 'numbered', () => style('orderedList')),
      tool('Insert the selected measurements, or all', 'measurements', insertMeasurements),
      tool('Insert the image of the active viewport', 'image', insertImage),
      tool('Insert the key images', 'star', insertKeyImages),
      ...others,
    );
  }
}

type ActionShown = Record<'begin' | 'takeOver' | 'end' | 'release' | 'sign' | 'add', boolean>;

function action(label: string, run: () => void, isPrimary = false): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: isPrimary ? 'viewer-button viewer-primary' : 'viewer-button' },
    label,
  );
  button.addEventListener('click', run);
  return button;
}

function tool(label: string, name: IconName, run: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'viewer-button', 'aria-label': label, title: label },
    icon(name, 16),
  );
  // The words keep the focus, and what is selected in them.
  button.addEventListener('mousedown', (event) => event.preventDefault());
  button.addEventListener('click', run);
  return button;
}
