/** Whose images these are, and the way back. */

import type { PatientSummary } from '../study/overlayText';
import { element } from './dom';
import { icon } from './icons';

export interface StudyHeading {
  patient: PatientSummary | undefined;
  description: string | undefined;
  when: string | undefined;
  accession: string | undefined;
}

/** Where the reader came from. */
export interface WayBack {
  worklistUrl: string;
  worklistName: string;
}

export class TopBar {
  readonly element: HTMLElement;
  private readonly patient = element('div', { class: 'viewer-patient' }, element('h1', {}, 'Viewer'));
  private readonly study = element('div', { class: 'viewer-study' });

  /** What stands at the right end: everything that is offered comes before it. */
  private end: HTMLElement;

  constructor({ worklistUrl, worklistName }: WayBack, helpButton: HTMLElement) {
    this.end = helpButton;
    const label = `Back to ${worklistName.toLowerCase()}`;
    this.element = element(
      'header',
      { class: 'viewer-top' },
      element(
        'a',
        { class: 'viewer-button viewer-back', href: worklistUrl, 'aria-label': label },
        icon('back'),
        element('span', { class: 'viewer-wide' }, worklistName),
      ),
      this.patient,
      this.study,
      helpButton,
    );
  }

  /** A link to the study that comes after this one in the worklist. */
  offerNext(url: string): void {
    const link = element(
      'a',
      { class: 'viewer-button viewer-next-study', href: url, title: 'Next study of the worklist (Shift+N)' },
      element('span', { class: 'viewer-wide' }, 'Next study'),
      icon('next'),
    );
    link.setAttribute('aria-label', 'Next study of the worklist');
    this.element.insertBefore(link, this.end);
  }

  /** What concerns the page as a whole, before the help. */
  addTools(tools: HTMLElement): void {
    this.element.insertBefore(tools, this.end);
  }

  /** The bell, at the right end beside the help. */
  addBell(bell: HTMLElement): void {
    this.element.insertBefore(bell, this.end);
    this.end = bell;
  }

  /** A link to the page that sends the study, or the series that is shown, to another device. */
  offerSending(url: string): void {
    const link = element(
      'a',
      { class: 'viewer-button', href: url, 'aria-label': 'Send to', title: 'Send to another device' },
      icon('send'),
      element('span', { class: 'viewer-wide' }, 'Send to'),
    );
    link.addEventListener('click', () => {
      const series = new URLSearchParams(location.search).get('series');
      if (series) link.href = `${url}?${new URLSearchParams({ series }).toString()}`;
    });
    this.element.insertBefore(link, this.end);
  }

  /** A link to the page of what was corrected about the study, and to correcting it. */
  offerCorrections(url: string): void {
    const link = element(
      'a',
      {
        class: 'viewer-button',
        href: url,
        'aria-label': 'Correct',
        title: 'Correct, move, merge or split the study',
      },
      icon('correct'),
      element('span', { class: 'viewer-wide' }, 'Correct'),
    );
    this.element.insertBefore(link, this.end);
  }

  /** Says that something about the study does not fit; a link for who can look at it. */
  warn(doubts: string, flagsUrl: string | undefined): void {
    const attributes = { class: 'viewer-doubt', title: doubts, 'aria-label': `Check: ${doubts}` };
    const warning = flagsUrl
      ? element('a', { ...attributes, href: flagsUrl }, 'Check')
      : element('span', { ...attributes, role: 'note' }, 'Check');
    this.element.insertBefore(warning, this.study);
  }

  show({ patient, description, when, accession }: StudyHeading): void {
    const details = [patient?.id && `ID ${patient.id}`, patient?.birthDate, patient?.age, patient?.sex];
    this.patient.replaceChildren(
      element('h1', {}, patient?.name ?? 'Viewer'),
      element('span', { class: 'viewer-details' }, details.filter(Boolean).join(' · ')),
    );
    this.study.replaceChildren(
      element('span', { class: 'viewer-study-name' }, description ?? ''),
      element(
        'span',
        { class: 'viewer-details' },
        [when, accession && `Acc ${accession}`].filter(Boolean).join(' · '),
      ),
    );
  }
}
