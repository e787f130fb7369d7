/** The radiologists that studies can be given to: named once on the page, offered in the bar of the selection. */

import { results } from './rows';

export function fillReaders(): void {
  const choices = document.getElementById('reader-choices');
  const panel = results().querySelector('[data-assign-choices]');
  if (!(choices instanceof HTMLTemplateElement) || !panel || panel.hasChildNodes()) return;
  panel.append(choices.content.cloneNode(true));
}
