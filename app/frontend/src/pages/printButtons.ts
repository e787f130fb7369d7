/** A button with `data-prints` prints the page. */

export function startPrintButtons(): void {
  document.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('[data-prints]')) window.print();
  });
}
