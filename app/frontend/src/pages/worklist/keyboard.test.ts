// @vitest-environment jsdom

import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startKeyboard } from './keyboard';

beforeAll(() => {
  Element.prototype.scrollIntoView = vi.fn();
  startKeyboard();
});

beforeEach(() => {
  document.body.innerHTML = `
    <input id="id_text" value="">
    <section id="worklist-results"><table><tbody>
      ${[1, 2, 3]
        .map(
          (key) =>
            `<tr class="study" data-task="${key}"><th class="col-patient"><a id="open-${key}" href="#${key}">x</a></th></tr>`,
        )
        .join('')}
    </tbody></table></section>`;
});

function press(key: string, options: KeyboardEventInit = {}): void {
  const target = document.activeElement ?? document.body;
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...options }));
}

function focused(): string | undefined {
  return document.activeElement?.id;
}

describe('the worklist by keyboard', () => {
  it('goes down and up, and stops at the ends', () => {
    press('j');
    expect(focused()).toBe('open-1');
    press('ArrowDown');
    press('j');
    press('j');
    expect(focused()).toBe('open-3');
    press('k');
    press('ArrowUp');
    press('k');
    expect(focused()).toBe('open-1');
  });

  it('finds the search field and comes back to the rows', () => {
    press('/');
    expect(focused()).toBe('id_text');
    press('ArrowDown');
    expect(focused()).toBe('open-1');
  });

  it('sends the study of the focused row, and nothing where there is none', () => {
    const sent: string[] = [];
    for (const row of document.querySelectorAll('.study')) {
      const link = document.createElement('a');
      link.className = 'row-send';
      link.addEventListener('click', () => sent.push(row.querySelector('a')?.id ?? ''));
      row.append(link);
    }
    press('s');
    expect(sent).toEqual([]);
    press('j');
    press('j');
    press('s');
    expect(sent).toEqual(['open-2']);
  });

  it('leaves letters to the field that is typed in', () => {
    press('/');
    press('j');
    expect(focused()).toBe('id_text');
    press('Escape');
    expect(focused()).not.toBe('id_text');
  });

  it('leaves the keys of the browser alone', () => {
    press('j', { ctrlKey: true });
    expect(focused()).toBe('');
  });
});
