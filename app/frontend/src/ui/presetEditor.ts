/** The window presets of a modality as a table: change, add and remove. */

import { mostPresets } from '../study/preferences';
import { presetKeys, withPreset, type WindowPreset } from '../study/presets';
import { element, setAttribute } from './dom';
import { selectField } from './fields';
import { icon } from './icons';

const widest = 1_000_000;

export interface PresetEditorEvents {
  presetsFor(modality: string): readonly WindowPreset[];
  isOwn(modality: string): boolean;
  /** The window of the image that is shown, as a beginning for a new preset. */
  present(): { modality: string; center: number; width: number } | undefined;
  change(modality: string, presets: readonly WindowPreset[]): void;
  restore(modality: string): void;
}

export class PresetEditor {
  readonly element: HTMLElement;
  private readonly rows = element('tbody');
  private readonly add = element(
    'button',
    { type: 'button', class: 'viewer-button' },
    icon('add', 16),
    'Add a preset',
  );
  private readonly restore = element(
    'button',
    { type: 'button', class: 'viewer-button' },
    'Standard presets',
  );
  private modality: string;
  private shown: readonly WindowPreset[] | undefined;

  constructor(
    modalities: readonly string[],
    private readonly events: PresetEditorEvents,
  ) {
    this.modality = modalities[0] ?? 'CT';
    const chooser = selectField(
      'Modality',
      modalities.map((name) => [name, name]),
      (modality) => this.turnTo(modality),
    );
    chooser.show(this.modality);
    this.add.addEventListener('click', () => this.addPreset());
    this.restore.addEventListener('click', () => events.restore(this.modality));
    this.element = element(
      'div',
      {},
      chooser.element,
      element('table', { class: 'viewer-preset-table', 'aria-label': 'Window presets' }, heads(), this.rows),
      element('div', { class: 'viewer-preset-actions' }, this.add, this.restore),
    );
  }

  /** Draws the table anew only where it is not what the reader has just typed. */
  show(): void {
    const presets = this.events.presetsFor(this.modality);
    this.restore.disabled = !this.events.isOwn(this.modality);
    this.add.disabled = presets.length >= mostPresets;
    if (JSON.stringify(presets) === JSON.stringify(this.shown)) return;
    this.shown = presets;
    const none = element('td', { colspan: 5, class: 'viewer-preset-none' }, 'No presets for this modality.');
    this.rows.replaceChildren(
      ...(presets.length > 0
        ? presets.map((preset, index) => this.row(preset, index))
        : [element('tr', {}, none)]),
    );
  }

  private turnTo(modality: string): void {
    this.modality = modality;
    this.shown = undefined;
    this.show();
  }

  private addPreset(): void {
    const present = this.events.present();
    const fits = present?.modality === this.modality ? present : undefined;
    const { center, width } = fits ?? { center: 50, width: 400 };
    const presets = this.events.presetsFor(this.modality);
    const label = `Preset ${presets.length + 1}`;
    this.change(presets.length, { label, center: round(center), width: round(width), key: '' });
    this.show();
    const name = this.rows.lastElementChild?.querySelector('input');
    name?.focus();
    name?.select();
  }

  private row(preset: WindowPreset, position: number): HTMLElement {
    const name = element('input', {
      type: 'text',
      class: 'viewer-input',
      value: preset.label,
      maxlength: 40,
      required: true,
      pattern: '.*\\S.*',
      'aria-label': 'Name',
    });
    const center = amount('Level', preset.center, -widest);
    const width = amount('Width', preset.width, 1);
    const key = keyChooser(preset.key);
    const fields = [name, center, width];
    const take = (): void => {
      for (const field of fields) setAttribute(field, 'aria-invalid', !field.validity.valid && 'true');
      if (!fields.every((field) => field.validity.valid)) return;
      const changed = {
        label: name.value.trim(),
        center: center.valueAsNumber,
        width: width.valueAsNumber,
        key: key.value,
      };
      // What the reader types stays as it is typed: only a key that moved changes another row.
      const next = withPreset(this.events.presetsFor(this.modality), position, changed);
      if (changed.key === preset.key) this.shown = next;
      this.events.change(this.modality, next);
    };
    for (const field of [...fields, key]) field.addEventListener('change', take);
    const cells = [name, center, width, key, this.removeButton(preset, position)];
    return element('tr', {}, ...cells.map((cell) => element('td', {}, cell)));
  }

  private removeButton({ label }: WindowPreset, position: number): HTMLElement {
    const button = element(
      'button',
      { type: 'button', class: 'viewer-button', 'aria-label': `Remove ${label}`, title: 'Remove' },
      icon('remove', 15),
    );
    button.addEventListener('click', () => {
      const presets = this.events.presetsFor(this.modality).filter((_, index) => index !== position);
      this.events.change(this.modality, presets);
    });
    return button;
  }

  private change(position: number, preset: WindowPreset): void {
    const presets = this.events.presetsFor(this.modality);
    this.events.change(this.modality, withPreset(presets, position, preset));
  }
}

function heads(): HTMLElement {
  const names = ['Name', 'Level', 'Width', 'Key'].map((name) => element('th', { scope: 'col' }, name));
  return element('thead', {}, element('tr', {}, ...names, element('td')));
}

function amount(label: string, value: number, least: number): HTMLInputElement {
  return element('input', {
    type: 'number',
    class: 'viewer-input viewer-number',
    value,
    min: least,
    max: widest,
    step: 'any',
    required: true,
    'aria-label': label,
  });
}

function keyChooser(present: string): HTMLSelectElement {
  const select = element(
    'select',
    { class: 'viewer-input viewer-select', 'aria-label': 'Key' },
    ...['', ...presetKeys].map((key) => element('option', { value: key }, key || '–')),
  );
  select.value = present;
  return select;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
