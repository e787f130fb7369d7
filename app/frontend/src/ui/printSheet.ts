/** What is printed: a head that says whose images these are, and the images below it. */

import { element } from './dom';
import type { StudyHeading } from './topBar';

export interface PrintedImage {
  url: string;
  caption: string;
}

/** Puts the sheet on the page, which only a printer sees, until it is printed. */
export async function printSheet(heading: StudyHeading, images: readonly PrintedImage[]): Promise<void> {
  const pictures = images.map(({ url, caption }) => element('img', { src: url, alt: caption }));
  const sheet = element(
    'section',
    { class: 'viewer-print', 'data-count': images.length, 'aria-hidden': 'true' },
    head(heading),
    element(
      'div',
      { class: 'viewer-print-images' },
      ...pictures.map((picture, index) =>
        element('figure', {}, picture, element('figcaption', {}, images[index]?.caption)),
      ),
    ),
  );
  document.body.append(sheet);
  addEventListener('afterprint', () => sheet.remove(), { once: true });
  // One that cannot be had leaves its place empty; the others are printed all the same.
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  print();
}

function head({ patient, description, when, accession }: StudyHeading): HTMLElement {
  const particulars = [patient?.id && `ID ${patient.id}`, patient?.birthDate, patient?.sex];
  const study = [description, when, accession && `Acc ${accession}`];
  return element(
    'header',
    {},
    element('h1', {}, patient?.name ?? ''),
    element('p', {}, particulars.filter(Boolean).join(' · ')),
    element('p', {}, study.filter(Boolean).join(' · ')),
  );
}
