/** Menus are `details` elements: they work without a script; here they close as menus do. */

function close(menu: HTMLDetailsElement, withFocus: boolean): void {
  menu.open = false;
  if (withFocus) menu.querySelector('summary')?.focus();
}

function openMenus(): HTMLDetailsElement[] {
  return [...document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')];
}

/** Arrows go from item to item, and a letter to the next item that begins with it. */
function moveInMenu(event: KeyboardEvent): void {
  if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return;
  const menu = event.target.closest<HTMLElement>('details.menu[open]');
  if (!menu || event.target.matches('input, textarea, select')) return;
  const items = [...menu.querySelectorAll<HTMLElement>('.menu-item')];
  const at = items.findIndex((item) => item === event.target);
  const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  const wanted =
    event.key === 'ArrowDown'
      ? after[0]
      : event.key === 'ArrowUp'
        ? items.at(at < 0 ? -1 : at - 1)
        : event.key.length === 1 && event.key !== ' '
          ? after.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))
          : undefined;
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
}

export function startMenus(): void {
  document.addEventListener('click', (event) => {
    for (const menu of openMenus()) {
      if (event.target instanceof Node && !menu.contains(event.target)) close(menu, false);
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of openMenus()) close(menu, menu.contains(document.activeElement));
  });
  document.addEventListener('keydown', moveInMenu);
  document.addEventListener('focusin', (event) => {
    for (const menu of openMenus()) {
      if (event.target instanceof Node && !menu.contains(event.target)) close(menu, false);
    }
  });
}
