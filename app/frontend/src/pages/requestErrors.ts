/** What happens when a request of the page is refused or not answered. */

import { showToast } from './toasts';

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const BACKGROUND = 'background';

interface RequestDetail {
  xhr?: XMLHttpRequest;
  elt?: Element;
}

/** Requests of this element come from the page itself: their failure shows in the live indicator alone. */
export function markBackground(element: HTMLElement): void {
  element.dataset.requests = BACKGROUND;
}

export function goToSignIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

function detailOf(event: Event): RequestDetail {
  return event instanceof CustomEvent ? (event.detail as RequestDetail) : {};
}

function isBackground(detail: RequestDetail): boolean {
  return detail.elt instanceof HTMLElement && detail.elt.dataset.requests === BACKGROUND;
}

export function startRequestErrors(): void {
  document.body.addEventListener('htmx:responseError', (event) => {
    const detail = detailOf(event);
    if (detail.xhr?.status === UNAUTHORIZED) goToSignIn();
    else if (detail.xhr?.status === FORBIDDEN)
      window.location.reload(); // signed in anew in another tab
    else if (!isBackground(detail)) showToast('Noctis could not answer. Please try again.', 'error');
  });
  document.body.addEventListener('htmx:sendError', (event) => {
    if (!isBackground(detailOf(event))) showToast('Noctis cannot be reached. Please try again.', 'error');
  });
}
