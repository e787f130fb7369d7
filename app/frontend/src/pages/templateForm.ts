/** The page of a report template: an editor for each section, whose words go with the form. */

import type { JSONContent } from '@tiptap/core';
import { SectionEditor } from '../report/editor';

export function startTemplateForm(form: HTMLFormElement): void {
  const kept = form.querySelector<HTMLInputElement>('input[name="content"]');
  if (!kept) return;
  const content = read(kept.value);
  for (const host of form.querySelectorAll<HTMLElement>('[data-template-section]')) {
    const key = host.dataset.templateSection ?? '';
    new SectionEditor(host, {
      label: host.dataset.label ?? '',
      content: content[key],
      isEditable: true,
      isTemplate: true,
      changed: (written) => {
        content[key] = written;
        kept.value = JSON.stringify(content);
      },
      focused: () => undefined,
      pictureUrl: () => '',
      macro: () => undefined,
      fields: { leave: () => false, selected: () => undefined },
    });
  }
}

function read(written: string): Partial<Record<string, JSONContent>> {
  try {
    return JSON.parse(written) as Partial<Record<string, JSONContent>>;
  } catch {
    return {};
  }
}
