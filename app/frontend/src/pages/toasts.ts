/** Messages in the corner: what the server said with the page, and what goes wrong later. */

const SUCCESS_STAYS_MS = 8000;

export type ToastKind = 'success' | 'error' | 'info';

function place(): HTMLElement {
  const found = document.getElementById('messages');
  if (!found) throw new Error('the page has no place for messages');
  return found;
}

function finish(toast: HTMLElement): void {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'toast-close';
  button.setAttribute('aria-label', 'Dismiss');
  button.textContent = '×';
  button.addEventListener('click', () => {
    toast.remove();
  });
  toast.append(button);
  if (toast.classList.contains('toast-success')) dismissLater(toast);
}

/** A success goes by itself, but never while it is pointed at. */
function dismissLater(toast: HTMLElement): void {
  setTimeout(() => {
    if (toast.matches(':hover, :focus-within')) dismissLater(toast);
    else toast.remove();
  }, SUCCESS_STAYS_MS);
}

export function showToast(text: string, kind: ToastKind = 'info'): void {
  for (const shown of place().querySelectorAll('.toast')) {
    if (shown.querySelector('p')?.textContent === text) shown.remove();
  }
  const toast = document.createElement('div');
  toast.className = `toast toast-${kind}`;
  const words = document.createElement('p');
  words.textContent = text;
  toast.append(words);
  finish(toast);
  place().append(toast);
}

interface ToastDetail {
  text?: string;
  kind?: ToastKind;
}

export function startToasts(): void {
  document.body.addEventListener('noctis:toast', (event) => {
    const { text, kind } = event instanceof CustomEvent ? (event.detail as ToastDetail) : {};
    if (text) showToast(text, kind);
  });
  for (const toast of document.querySelectorAll<HTMLElement>('#messages .toast')) finish(toast);
}
