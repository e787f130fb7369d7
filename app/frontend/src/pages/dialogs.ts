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
  // When its content is not only there but works: before that, a form would be sent without htmx.
  document.body.addEventListener('htmx:load', (event) => {
    const dialog = event.target instanceof Element ? event.target.parentElement : null;
    if (dialog instanceof HTMLDialogElement) openDialog(dialog.id);
  });
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[data-transient]')) {
    dialog.addEventListener('close', () => {
      dialog.replaceChildren(); // what it shows must not go on asking for news
    });
  }
}
