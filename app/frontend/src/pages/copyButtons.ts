/** A button with `data-copies="id"` copies the text field of that id. */

export function startCopyButtons(): void {
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLElement>('[data-copies]');
    const field = document.getElementById(button?.dataset.copies ?? '');
    if (button && field instanceof HTMLInputElement) void copy(field, button);
  });
}

async function copy(field: HTMLInputElement, button: HTMLElement): Promise<void> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Press Ctrl+C'; // without TLS the browser has no clipboard; the text is selected
    field.focus();
  }
}
