/**
 * A button with `data-opens="id"` opens that dialog, and one that htmx fills opens by itself; `data-closes` closes it, as
 * does a click beside it. A dialog with `data-transient` is emptied when it closes.
 */

export function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function startDialogs(): void {
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target instanceof HTMLDialogElement) {
      event.target.close();
      return;
    }
    if (event.target.closest('[data-closes]')) event.target.closest('dialog')?.close();
    const opener = event.target.closest<HTMLElement>('[data-opens]');
    if (opener?.dataset.opens) openDialog(opener.dataset.opens);
  });
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (event.target instanceof HTMLDialogElement) openDialog(event.target.id);
  });
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[data-transient]')) {
    dialog.addEventListener('close', () => {
      dialog.replaceChildren(); // what it shows must not go on asking for news
    });
  }
}
