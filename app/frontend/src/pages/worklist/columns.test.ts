// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import { startColumnChoice } from './columns';

describe('the choice of columns', () => {
  let list: HTMLElement;
  const order = (): string => [...list.querySelectorAll('input')].map(({ id }) => id).join('');
  const find = (selector: string): HTMLElement => {
    const found = list.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(selector);
    return found;
  };

  beforeEach(() => {
    Element.prototype.scrollIntoView = () => undefined;
    list = document.createElement('ul');
    list.innerHTML = ['a', 'b', 'c']
      .map(
        (id) => `<li><input id="${id}"><button data-move="-1"></button><button data-move="1"></button></li>`,
      )
      .join('');
    document.body.replaceChildren(list);
    startColumnChoice(list);
  });

  it('moves by buttons, and not beyond its ends', () => {
    find('li:nth-child(2) [data-move="-1"]').click();
    expect(order()).toBe('bac');
    find('li:nth-child(1) [data-move="-1"]').click();
    find('li:nth-child(3) [data-move="1"]').click();
    expect(order()).toBe('bac');
  });

  it('moves by Alt and an arrow key, and keeps the focus', () => {
    find('#a').focus();
    for (const key of ['ArrowDown', 'ArrowDown'])
      find('#a').dispatchEvent(new KeyboardEvent('keydown', { key, altKey: true, bubbles: true }));
    expect(order()).toBe('bca');
    expect(document.activeElement?.id).toBe('a');
    find('#a').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
    expect(order()).toBe('bca');
  });
});
