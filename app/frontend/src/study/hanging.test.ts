import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { displaySetsOf } from './displaySets';
import type { HangingProtocol, HungStudy, Stage } from './hanging';
import { rank } from './hangingChoice';
import { imagesOf, mammogramFlips, planeName, studyFacts } from './hangingFacts';
import { fill, seriesToRead } from './hangingFill';
import { kindLabel, kindOf, learn, ownProtocol } from './hangingOwn';
import type { SeriesSummary } from './seriesList';
import { frame, slice, value } from './testing';

const folder = new URL('../../../noctis/viewer/hanging_protocols/', import.meta.url);
const protocols = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as HangingProtocol,
);

type Given = Partial<SeriesSummary> & { objects?: readonly DicomObject[] };

function study(given: readonly Given[], more: { description?: string; isPrior?: boolean } = {}): HungStudy {
  const { description = '', isPrior = false } = more;
  const uid = isPrior ? '9' : '1';
  const series = given.map((one, index): SeriesSummary => ({
    uid: `${uid}.${index + 1}`,
    number: index + 1,
    modality: 'CT',
    description: '',
    bodyPart: '',
    instanceCount: one.objects?.length ?? 20,
    ...one,
  }));
  return studyFacts(uid, isPrior, description, series, (wanted) => {
    const objects = given[series.findIndex((one) => one.uid === wanted)]?.objects;
    return (
      objects && displaySetsOf(objects.map((each) => ({ ...each, [Tag.SeriesInstanceUID]: value(wanted) })))
    );
  });
}

const best = (...studies: HungStudy[]): string | undefined => rank(protocols, studies)[0]?.protocol.id;
const stageOf = (id: string, index = 0): Stage => {
  const stage = protocols.find((protocol) => protocol.id === id)?.stages[index];
  if (!stage) throw new Error(`no stage ${index} in ${id}`);
  return stage;
};
const shows = (stage: Stage, ...studies: HungStudy[]): (string | undefined)[] =>
  fill(stage, studies).map(
    ({ found }) => found && `${found.seriesUid}${found.index === undefined ? '' : `#${found.index}`}`,
  );

const film = (number: number, modality: string, view: string, side?: string, across = 'A\\F'): DicomObject =>
  slice(number, 0, {
    [Tag.Modality]: value(modality),
    [Tag.ViewPosition]: value(view),
    [Tag.ImageOrientationPatient]: undefined,
    [Tag.ImagePositionPatient]: undefined,
    [Tag.PatientOrientation]: value(...across.split('\\')),
    ...(side ? { [Tag.ImageLaterality]: value(side) } : {}),
  });
const mammogram = [
  film(1, 'MG', 'MLO', 'L'),
  film(2, 'MG', 'CC', 'L'),
  film(3, 'MG', 'CC', 'R'),
  film(4, 'MG', 'MLO', 'R'),
];
const brain = ['t1 mprage', 'T2 tse tra', 't2 flair tra', 'DWI b1000', 'ADC', 'localizer'].map(
  (description) => ({
    modality: 'MR',
    description,
    bodyPart: 'BRAIN',
  }),
);

describe('the choice of a hanging protocol', () => {
  test.each<[string, readonly Given[], string]>([
    ['a CT of the chest', [{ bodyPart: 'CHEST' }], 'ct-chest'],
    ['a CT whose description says chest', [{ description: 'Thorax 5 mm' }], 'ct-chest'],
    ['another CT', [{ bodyPart: 'ABDOMEN' }], 'ct'],
    ['an MR of the brain', brain, 'mr-brain'],
    ['an MR of a knee', [{ modality: 'MR', bodyPart: 'KNEE' }, { modality: 'MR' }], 'mr'],
    ['ultrasound', [{ modality: 'US' }], 'ultrasound'],
    ['angiography', [{ modality: 'XA' }], 'angiography'],
    ['PET with CT', [{ bodyPart: 'CHEST' }, { modality: 'PT', description: 'AC' }], 'pet-ct'],
    ['a mammogram', [{ modality: 'MG', objects: mammogram }], 'mammography'],
    ['a mammogram of one view', [{ modality: 'MG', objects: mammogram.slice(0, 1) }], 'one'],
    ['one film of a hand', [{ modality: 'DX', objects: [film(1, 'DX', 'PA')] }], 'one'],
    ['a secondary capture', [{ modality: 'SC' }], 'one'],
  ])('for %s', (_, series, id) => {
    expect(best(study(series))).toBe(id);
  });

  test('falls back where most of what it lays out is not there', () => {
    const named = { modality: 'MR', bodyPart: 'BRAIN' };
    expect(
      best(
        study([
          { ...named, description: 'ep2d' },
          { ...named, description: 'x' },
        ]),
      ),
    ).toBe('mr');
  });

  test.each<[string, readonly Given[], string]>([
    ['CT of the chest', [{ bodyPart: 'CHEST' }], 'ct-chest-prior'],
    ['other CT', [{ bodyPart: 'ABDOMEN' }], 'ct-prior'],
    ['MR of the brain', brain, 'mr-brain-prior'],
    ['mammograms', [{ modality: 'MG', objects: mammogram }], 'mammography-prior'],
    ['ultrasound of the same sort', [{ modality: 'US' }], 'ultrasound'],
  ])('shows the prior beside %s', (_, series, id) => {
    expect(best(study(series), study(series, { isPrior: true }))).toBe(id);
  });

  test('counts on a prior whose headers nobody has read yet', () => {
    const before = study([{ modality: 'MG', instanceCount: 4 }], { isPrior: true });
    expect(best(study([{ modality: 'MG', objects: mammogram }]), before)).toBe('mammography-prior');
  });

  test('does not leave half of the screen to a prior of another modality', () => {
    expect(best(study([{ bodyPart: 'CHEST' }]), study([{ modality: 'US' }], { isPrior: true }))).not.toBe(
      'ct-chest-prior',
    );
  });

  test('is none for a study without images', () => {
    expect(best(study([{ modality: 'SR' }]))).toBeUndefined();
  });
});

describe('the slots of a stage', () => {
  test('show the four views of a mammogram back to back, wherever they are stored', () => {
    expect(shows(stageOf('mammography'), study([{ modality: 'MG', objects: mammogram }]))).toEqual([
      '1.1#2',
      '1.1#1',
      '1.1#3',
      '1.1#0',
    ]);
    const apart = study(mammogram.map((one) => ({ modality: 'MG', objects: [one] })));
    expect(shows(stageOf('mammography'), apart)).toEqual(['1.3#0', '1.2#0', '1.4#0', '1.1#0']);
  });

  test('find the sequences of a brain by their names', () => {
    expect(shows(stageOf('mr-brain'), study(brain))).toEqual(['1.2', '1.3', '1.4', '1.1']);
    expect(shows(stageOf('mr-brain', 1), study(brain))).toEqual(['1.4', '1.5']);
  });

  test('leave out the scout, and show one series twice where the protocol says so', () => {
    const chest = study([{ description: 'Topogram', instanceCount: 2 }, { instanceCount: 80 }]);
    expect(shows(stageOf('ct-chest'), chest)).toEqual(['1.2', '1.2']);
    expect(fill(stageOf('ct-chest'), [chest]).map(({ slot }) => slot.window)).toEqual([
      'Mediastinum',
      'Lung',
    ]);
  });

  test('take the kernel for the lung where there is one', () => {
    const chest = study([{ description: 'Thorax Br40' }, { description: 'Lung Bl64' }]);
    expect(shows(stageOf('ct-chest'), chest)).toEqual(['1.1', '1.2']);
  });

  test('put the two views of a chest film side by side', () => {
    const both = [film(1, 'DX', 'LL'), film(2, 'DX', 'PA')];
    expect(shows(stageOf('chest-film'), study([{ modality: 'DX', objects: both }]))).toEqual([
      '1.1#1',
      '1.1#0',
    ]);
  });

  test('stay empty where nothing fits', () => {
    const one = study([{ modality: 'DX', objects: [film(1, 'DX', 'PA')] }]);
    expect(shows(stageOf('chest-film'), one)).toEqual(['1.1#0', undefined]);
  });

  test('show the prior below', () => {
    const now = study([{ modality: 'MG', objects: mammogram }]);
    const before = study([{ modality: 'MG', objects: mammogram.slice(0, 2) }], { isPrior: true });
    expect(shows(stageOf('mammography-prior'), now, before).slice(4)).toEqual([
      undefined,
      '9.1#1',
      undefined,
      '9.1#0',
    ]);
  });

  test('say which headers have to be read before they can be filled', () => {
    const unread = { modality: 'MR', description: 'T2 tse', bodyPart: 'SPINE' };
    const spine = study([unread, { ...unread, description: 'localizer' }, { modality: 'CT' }]);
    expect(seriesToRead(stageOf('mr-spine'), [spine]).map(({ uid }) => uid)).toEqual(['1.1', '1.2']);
    expect(seriesToRead(stageOf('ct-chest'), [study([{}])])).toEqual([]);
    expect(seriesToRead(stageOf('chest-film'), [study([{ modality: 'DX' }])])).toHaveLength(1);
  });

  test('tell planes apart by the headers', () => {
    const sagittal = { [Tag.ImageOrientationPatient]: value(0, 1, 0, 0, 0, -1), [Tag.Modality]: value('MR') };
    const spine = study([
      { modality: 'MR', description: 'T2', objects: [slice(1, 0, { [Tag.Modality]: value('MR') })] },
      { modality: 'MR', description: 'T2', objects: [slice(1, 0, sagittal)] },
    ]);
    expect(shows(stageOf('mr-spine'), spine)).toEqual(['1.2', undefined, '1.1']);
  });

  test('read a pattern that no browser understands as one that fits nothing', () => {
    const stage = {
      name: 'x',
      rows: 1,
      columns: 1,
      slots: [{ label: 'x', show: [{ description: '(?P<x>a)' }] }],
    };
    expect(shows(stage, study([{ description: 'a' }]))).toEqual([undefined]);
  });
});

describe('what the headers say', () => {
  test.each([
    ['R', 'A\\F', true, false],
    ['R', 'P\\F', false, false],
    ['L', 'P\\F', true, false],
    ['L', 'A\\F', false, false],
    ['L', 'A\\H', false, true],
  ])('turns a %s breast of orientation %s', (side, orientation, horizontal, vertical) => {
    const image = {
      [Tag.ImageLaterality]: value(side),
      [Tag.PatientOrientation]: value(...orientation.split('\\')),
      [Tag.ViewPosition]: value('MLO'),
    };
    expect(mammogramFlips(frame(image))).toEqual({ horizontal, vertical });
  });

  test('turns a cranio-caudal view so that the outer side is above', () => {
    const image = (side: string, down: string): DicomObject => ({
      [Tag.ImageLaterality]: value(side),
      [Tag.PatientOrientation]: value('P', down),
      [Tag.ViewPosition]: value('CC'),
    });
    expect(mammogramFlips(frame(image('R', 'R'))).vertical).toBe(true);
    expect(mammogramFlips(frame(image('R', 'L'))).vertical).toBe(false);
  });

  test('names a view by its code where the position is not written', () => {
    const coded = { [Tag.ViewCodeSequence]: value({ [Tag.CodeValue]: value('399368009') }) };
    expect(imagesOf(displaySetsOf([slice(1, 0, coded)]))[0]?.view).toBe('MLO');
  });

  test('takes the plane that a slice is nearest to', () => {
    expect(planeName(frame())).toBe('axial');
    expect(planeName(frame({ [Tag.ImageOrientationPatient]: value(1, 0, 0, 0, 0.3, -0.954) }))).toBe(
      'coronal',
    );
  });
});

describe('a layout of the reader’s own', () => {
  const shown = {
    isPrior: false,
    modality: 'MR',
    description: 'T2 (tra) +C',
    view: undefined,
    laterality: undefined,
    plane: undefined,
    window: { center: 300, width: 600 },
    sync: undefined,
  };

  test('is found again by kind of study, with the same series and windows', () => {
    const knee = study([
      { modality: 'MR', bodyPart: 'KNEE', description: 'T1' },
      { modality: 'MR', description: 'T2 (tra) +C' },
    ]);
    const layout = learn(1, 2, [shown, { ...shown, description: 'T1', window: undefined }], 'mr');
    const own = layout && ownProtocol({ [kindOf(knee)]: layout }, kindOf(knee), protocols);
    expect(own?.stages).toHaveLength(3);
    const [first] = own?.stages ?? [];
    expect(first && shows(first, knee)).toEqual(['1.2', '1.1']);
    expect(first?.slots[0]?.window).toEqual({ center: 300, width: 600 });
  });

  test('counts for studies of that kind alone', () => {
    const layout = learn(1, 1, [shown], 'mr');
    expect(layout && ownProtocol({ 'MR/KNEE': layout }, 'MR/SPINE', protocols)).toBeUndefined();
    expect(kindOf(study([{ modality: 'PT' }, { bodyPart: 'CHEST' }]))).toBe('CT+PT/CHEST');
    expect(kindLabel('CT+PT/CHEST')).toBe('CT+PT chest');
  });

  test('is none where nothing is on the screen', () => {
    expect(learn(1, 2, [undefined, undefined], 'mr')).toBeUndefined();
  });
});
