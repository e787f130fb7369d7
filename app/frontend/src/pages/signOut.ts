/** Signing out leaves nothing of any patient on this computer. */

import { forgetUnsavedWords } from '../report/unsavedWords';

export function startSignOut(): void {
  document.addEventListener('submit', (event) => {
    if (event.target instanceof HTMLFormElement && event.target.matches('[data-signs-out]'))
      forgetUnsavedWords(localStorage);
  });
}
