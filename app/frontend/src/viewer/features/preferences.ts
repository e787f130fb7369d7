/** The dialog of the reader's preferences, and the searchable list of commands that leads to it. */

import {
  cineRates,
  handTools,
  withKey,
  withoutKeys,
  type HandTool,
  type ViewerPreferences,
} from '../../study/preferences';
import { presetsFor } from '../../study/presets';
import { element } from '../../ui/dom';
import { checkField, choiceField, numberField, selectField, type Field } from '../../ui/fields';
import { KeyEditor } from '../../ui/keyEditor';
import { PreferencesDialog, type PreferencesPage } from '../../ui/preferencesDialog';
import { PresetEditor } from '../../ui/presetEditor';
import type { Feature, Viewer } from '../feature';
import { preferableTools } from './pointing';

const modalities = ['CT', 'MR', 'PT', 'NM', 'CR', 'DX', 'MG', 'XA', 'RF', 'US'];
const handNames: Readonly<Record<HandTool, string>> = {
  window: 'Window and level',
  scroll: 'Scroll',
  pan: 'Pan',
  zoom: 'Zoom',
  locate: 'Show a place',
};
const hands = handTools.map((tool): [HandTool, string] => [tool, handNames[tool]]);

export function preferences(viewer: Viewer): Feature {
  const own = viewer.preferences;
  const dialog = new PreferencesDialog(
    [displayPage(viewer), mousePage(viewer), presetPage(viewer), keyPage(viewer)],
    { undo: () => own.undo(), reset: () => own.reset(), retry: () => own.retry() },
  );
  const show = (): void => dialog.show({ saving: own.state, canUndo: own.canUndo, isDefault: own.isDefault });
  const open = (): void => {
    show();
    dialog.open();
  };
  viewer.page.addDialog(dialog.element);
  own.listen(show);
  viewer.page.help.use({
    commands: () => viewer.commands,
    movements: () => movements(own.current),
    openPreferences: open,
  });
  return {
    recovered: () => own.retry(),
    commands: [
      {
        id: 'help',
        label: 'All commands and shortcuts',
        group: 'Study',
        keys: ['?'],
        run: () => viewer.page.help.open(),
      },
      {
        id: 'preferences',
        label: 'Preferences',
        group: 'Study',
        keys: [','],
        run: open,
        button: { place: 'page', icon: 'preferences' },
      },
    ],
  };
}

/** What the mouse and fingers do, as the reader has them. */
function movements({ mouse }: ViewerPreferences): readonly (readonly [string, string])[] {
  const withCtrl = mouse.wheel === 'scroll' ? 'zoom' : 'scroll';
  return [
    ['Left button, one finger', 'Chosen tool'],
    ['Right button', handNames[mouse.right]],
    ['Middle button', handNames[mouse.middle]],
    ['Wheel', handNames[mouse.wheel]],
    ['Ctrl and wheel', handNames[withCtrl]],
    ['Two fingers', 'Zoom and pan'],
    ['Finger held still', 'Tools'],
  ];
}

function displayPage({ preferences: own }: Viewer): PreferencesPage {
  const change = (part: Partial<ViewerPreferences>): void => own.change(part);
  const shown = checkField('Words over the image', (value) => {
    change({ overlays: { ...own.current.overlays, shown: value } });
  });
  const size = choiceField(
    'Size of these words',
    [
      ['small', 'Small'],
      ['medium', 'Medium'],
      ['large', 'Large'],
    ],
    (value) => change({ overlays: { ...own.current.overlays, size: value } }),
  );
  const follow = (name: 'tool' | 'window', label: string): Field<boolean> =>
    checkField(label, (value) => change({ follow: { ...own.current.follow, [name]: value } }));
  const tool = follow('tool', 'A second window takes the same tool');
  const window = follow('window', 'A second window takes the same window and level');
  const rate = numberField('Cine rate where the images recommend none, per second', cineRates, (value) =>
    change({ cineRate: Math.round(value) }),
  );
  return {
    id: 'display',
    label: 'Display',
    element: form(shown, size, rate, tool, window),
    show: () => {
      const { overlays, cineRate } = own.current;
      shown.show(overlays.shown);
      size.show(overlays.size);
      rate.show(cineRate);
      tool.show(own.current.follow.tool);
      window.show(own.current.follow.window);
    },
  };
}

function mousePage({ preferences: own }: Viewer): PreferencesPage {
  const tools: readonly (readonly [string, string])[] = [['', 'By device'], ...preferableTools];
  const tool = selectField('Left button at first', tools, (value) =>
    own.change({ tool: value || undefined }),
  );
  const button = (name: 'middle' | 'right', label: string): Field<HandTool> =>
    choiceField(label, hands, (value) => own.change({ mouse: { ...own.current.mouse, [name]: value } }));
  const [middle, right] = [button('middle', 'Middle button'), button('right', 'Right button')];
  const wheel = choiceField(
    'Wheel; with Ctrl the other',
    [
      ['scroll', 'Scroll'],
      ['zoom', 'Zoom'],
    ],
    (value) => own.change({ mouse: { ...own.current.mouse, wheel: value } }),
  );
  return {
    id: 'mouse',
    label: 'Mouse',
    element: form(tool, middle, right, wheel),
    show: () => {
      const { mouse } = own.current;
      tool.show(own.current.tool ?? '');
      middle.show(mouse.middle);
      right.show(mouse.right);
      wheel.show(mouse.wheel);
    },
  };
}

function presetPage({ preferences: own, grid }: Viewer): PreferencesPage {
  const editor = new PresetEditor(modalities, {
    presetsFor: (modality) => presetsFor(modality, own.current.presets),
    isOwn: (modality) => modality in own.current.presets,
    present: () => {
      const { window } = grid.active.view.current;
      return window && { modality: grid.active.modality, ...window };
    },
    change: (modality, presets) => own.change({ presets: { ...own.current.presets, [modality]: presets } }),
    restore: (modality) => {
      const others = Object.entries(own.current.presets).filter(([name]) => name !== modality);
      own.change({ presets: Object.fromEntries(others) });
    },
  });
  return { id: 'presets', label: 'Window presets', element: editor.element, show: () => editor.show() };
}

function keyPage(viewer: Viewer): PreferencesPage {
  const { preferences: own } = viewer;
  const single = checkField('Single letters and digits work as shortcuts', (singleKeys) => {
    own.change({ singleKeys });
  });
  const editor = new KeyEditor({
    commands: () => viewer.commands.filter(({ isKeyGiven }) => !isKeyGiven),
    isOwn: (id) => id in own.current.keys,
    assign: (id, key) => own.change({ keys: withKey(own.current.keys, id, key) }),
    restore: (id) => own.change({ keys: withoutKeys(own.current.keys, id) }),
  });
  return {
    id: 'keys',
    label: 'Shortcuts',
    element: element('div', {}, single.element, editor.element),
    show: () => {
      single.show(own.current.singleKeys);
      editor.show();
    },
  };
}

function form(...fields: readonly { element: HTMLElement }[]): HTMLElement {
  return element('div', { class: 'viewer-form' }, ...fields.map((field) => field.element));
}
