// @vitest-environment jsdom

import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Changes } from './changes';
import { startKeyboard } from './keyboard';
import { Selection, startSelection } from './selection';

const selection = new Selection();
const made: string[] = [];
const changes = {
  may: (name: string) => name !== 'claim',
  make: (name: string, value = '') => {
    made.push(`${name} ${value} of ${selection.selected.join()}`);
    return Promise.resolve();
  },
  undo: () => {
    made.push('undo');
    return Promise.resolve();
  },
  chooseReader: () => false,
} as unknown as Changes;

beforeAll(() => {
  Element.prototype.scrollIntoView = vi.fn();
  startKeyboard({ selection, changes });
});

beforeEach(() => {
  made.length = 0;
  document.body.innerHTML = `
    <input id="id_text" value="">
    <section id="worklist-results"><table><tbody>
      ${[1, 2, 3]
        .map(
          (key) =>
            `<tr class="study" data-task="${key}"><td class="col-select"><input type="checkbox" class="row-select"></td>
             <th class="col-patient"><a id="open-${key}" href="#${key}">x</a></th></tr>`,
        )
        .join('')}
    </tbody></table>
      <div data-selection hidden><b data-selection-count></b></div></section>`;
  selection.clear();
});

function selectedBoxes(): number {
  return document.querySelectorAll('.row-select:checked').length;
}

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

  it('selects rows, one by one and on the way, and forgets them', () => {
    press('j');
    press('x');
    expect(selection.selected).toEqual([1]);
    press('J', { shiftKey: true });
    press('ArrowDown', { shiftKey: true });
    expect(selection.selected).toEqual([1, 2, 3]);
    expect(selectedBoxes()).toBe(3);
    expect(document.querySelector('[data-selection]')?.hasAttribute('hidden')).toBe(false);
    press('Escape');
    expect(selection.selected).toEqual([]);
    expect(selectedBoxes()).toBe(0);
  });

  it('selects with the mouse, a range with Shift', () => {
    const page = document.querySelector<HTMLElement>('#worklist-results');
    if (!page) throw new Error('no page');
    startSelection(page, selection);
    const boxes = [...document.querySelectorAll<HTMLElement>('.row-select')];
    boxes[0]?.click();
    boxes[2]?.dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }));
    expect(selection.selected).toEqual([1, 2, 3]);
    boxes[1]?.click();
    expect(selection.selected).toEqual([1, 3]);
  });

  it('selects no longer what is shown no longer', () => {
    selection.add([1, 2]);
    document.querySelector('[data-task="1"]')?.remove();
    selection.show();
    expect(selection.selected).toEqual([2]);
  });

  it('changes what may be changed, and undoes', () => {
    press('j');
    press('x');
    press('1');
    press('c');
    press('r');
    press('z');
    expect(made).toEqual(['priority stat of 1', 'release  of 1', 'undo']);
  });

  it('leaves the keys of the browser alone', () => {
    press('j', { ctrlKey: true });
    expect(focused()).toBe('');
  });
});
