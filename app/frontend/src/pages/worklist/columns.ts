/** The choice of columns: each is moved by its buttons, or by Alt and an arrow key, and keeps the focus. */

export function startColumnChoice(list: HTMLElement): void {
  list.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-move]') : null;
    if (button) move(button, Number(button.dataset.move));
  });
  list.addEventListener('keydown', (event) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    if (!(event.target instanceof HTMLElement)) return;
    event.preventDefault();
    move(event.target, event.key === 'ArrowUp' ? -1 : 1);
  });
}

function move(focused: HTMLElement, by: number): void {
  const choice = focused.closest('li');
  const other = by < 0 ? choice?.previousElementSibling : choice?.nextElementSibling;
  if (!choice || !other) return;
  other.insertAdjacentElement(by < 0 ? 'beforebegin' : 'afterend', choice);
  focused.focus();
  choice.scrollIntoView({ block: 'nearest' });
}
