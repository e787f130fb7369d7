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

export interface ToastAction {
  label: string;
  run: () => void;
}

export function showToast(text: string, kind: ToastKind = 'info', action?: ToastAction): void {
  for (const shown of place().querySelectorAll('.toast')) {
    if (shown.querySelector('p')?.textContent === text) shown.remove();
  }
  const toast = document.createElement('div');
  toast.className = `toast toast-${kind}`;
  const words = document.createElement('p');
  words.textContent = text;
  toast.append(words);
  if (action) toast.append(buttonOf(action, toast));
  finish(toast);
  place().append(toast);
}

function buttonOf({ label, run }: ToastAction, toast: HTMLElement): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button button-small toast-action';
  button.textContent = label;
  button.addEventListener('click', () => {
    toast.remove();
    run();
  });
  return button;
}

interface ToastDetail {
  text?: string;
  kind?: ToastKind;
  /** What the server knows the change by that can be undone. */
  undo?: string;
}

function announceUndo(): void {
  document.body.dispatchEvent(new CustomEvent('noctis:undo'));
}

export function startToasts(): void {
  document.body.addEventListener('noctis:toast', (event) => {
    const { text, kind, undo } = event instanceof CustomEvent ? (event.detail as ToastDetail) : {};
    if (text) showToast(text, kind, undo ? { label: 'Undo', run: announceUndo } : undefined);
  });
  for (const toast of document.querySelectorAll<HTMLElement>('#messages .toast')) finish(toast);
}
