/** A button with `data-opens="id"` opens that dialog; a click beside a dialog closes it. */

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
    const opener = event.target.closest<HTMLElement>('[data-opens]');
    if (opener?.dataset.opens) openDialog(opener.dataset.opens);
  });
}
