/** Making elements without markup in strings. */

type Child = Node | string | undefined | false;

interface Attributes {
  class?: string;
  [attribute: string]: string | number | boolean | undefined;
}

/** An element; `true` sets an attribute without a value, `false` and undefined leave it out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const created = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) setAttribute(created, attribute, value);
  created.append(
    ...children.filter((child): child is Node | string => child !== undefined && child !== false),
  );
  return created;
}

/** Sets, replaces or takes away an attribute, touching the document only where something changes. */
export function setAttribute(
  target: Element,
  name: string,
  value: string | number | boolean | undefined,
): void {
  if (value === undefined || value === false) {
    if (target.hasAttribute(name)) target.removeAttribute(name);
    return;
  }
  const written = value === true ? '' : String(value);
  if (target.getAttribute(name) !== written) target.setAttribute(name, written);
}

export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
