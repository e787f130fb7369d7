import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { instanceLabel, reportOf } from './report';
import { blocksOf } from './reportTables';
import { value } from './testing';
import { unitText } from './units';

function code(meaning: string, codeValue = meaning, scheme = 'DCM'): DicomObject {
  return {
    [Tag.CodeValue]: value(codeValue),
    [Tag.CodingSchemeDesignator]: value(scheme),
    [Tag.CodeMeaning]: value(meaning),
  };
}

function item(kind: string, name: string, more: DicomObject = {}, ...children: DicomObject[]): DicomObject {
  return {
    [Tag.RelationshipType]: value('CONTAINS'),
    [Tag.ValueType]: value(kind),
    [Tag.ConceptNameCodeSequence]: value(code(name)),
    ...(children.length > 0 && { [Tag.ContentSequence]: value(...children) }),
    ...more,
  };
}

function num(name: string, figure: string | undefined, unit: string): DicomObject {
  const measured: DicomObject = {
    [Tag.NumericValue]: figure === undefined ? undefined : value(figure),
    [Tag.MeasurementUnitsCodeSequence]: value(code('unit in words', unit, 'UCUM')),
  };
  return item('NUM', name, {
    [Tag.MeasuredValueSequence]: figure === undefined ? { vr: 'SQ' } : value(measured),
  });
}

function report(...children: DicomObject[]): DicomObject {
  return {
    [Tag.ConceptNameCodeSequence]: value(code('Imaging Report')),
    [Tag.ContentSequence]: value(...children),
  };
}

describe('the content tree', () => {
  test.each<[DicomObject, string]>([
    [num('Length', '42.5', 'mm'), '42.5 mm'],
    [num('Angle', '12', 'deg'), '12°'],
    [num('Count', '3', '1'), '3'],
    [num('Length', undefined, 'mm'), 'no value'],
    [item('TEXT', 'Finding', { [Tag.TextValue]: value('<b>none</b>') }), '<b>none</b>'],
    [item('CODE', 'Region', { [Tag.ConceptCodeSequence]: value(code('Chest')) }), 'Chest'],
    [
      item('PNAME', 'Observer', { [Tag.PersonName]: value({ Alphabetic: 'Reader^Rosa^^Dr.' }) }),
      'Reader, Dr. Rosa',
    ],
    [item('DATE', 'On', { [Tag.Date]: value('20250320') }), '2025-03-20'],
    [item('TIME', 'At', { [Tag.Time]: value('101502.123') }), '10:15:02'],
    [
      item('DATETIME', 'When', { [Tag.DateTime]: value('20250320101502.5+0100') }),
      '2025-03-20 10:15:02 +01:00',
    ],
    [item('SCOORD', 'Outline', { [Tag.GraphicType]: value('POLYLINE') }), 'Polyline drawn on the image'],
    [{ [Tag.ReferencedContentItemIdentifier]: value(1, 3) }, 'see item 1.3'],
  ])('has a value in words (%#)', (content, words) => {
    expect(reportOf(report(content)).items[0]?.value).toBe(words);
  });

  test('says where a referenced image lies', () => {
    const image = {
      [Tag.ReferencedSOPInstanceUID]: value('1.2.3.4'),
      [Tag.ReferencedFrameNumber]: value('2', '5'),
    };
    const series = {
      [Tag.SeriesInstanceUID]: value('1.2.3'),
      [Tag.ReferencedSOPSequence]: value({ [Tag.ReferencedSOPInstanceUID]: value('1.2.3.4') }),
    };
    const evidence = { [Tag.StudyInstanceUID]: value('1.2'), [Tag.ReferencedSeriesSequence]: value(series) };
    const content = item('IMAGE', 'Best image', { [Tag.ReferencedSOPSequence]: value(image) });
    const instance = { ...report(content), [Tag.CurrentRequestedProcedureEvidenceSequence]: value(evidence) };
    const [reference] = reportOf(instance).items[0]?.references ?? [];
    expect(reference).toEqual({
      sopInstanceUid: '1.2.3.4',
      frames: [2, 5],
      seriesUid: '1.2.3',
      studyUid: '1.2',
    });
    expect(reference && instanceLabel(reference, 3)).toBe('Image in series 3, frame 2, 5');
  });

  test('ends at its limit and counts what it leaves out', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      item('TEXT', `Finding ${index}`, {}, item('TEXT', 'more')),
    );
    const { items, omitted } = reportOf(report(...many), 11);
    expect(items).toHaveLength(6);
    expect(omitted).toBe(49);
  });

  test('may be very deep', () => {
    let deep = item('TEXT', 'bottom');
    for (let depth = 0; depth < 500; depth += 1) deep = item('CONTAINER', 'level', {}, deep);
    expect(reportOf(report(deep), 100).omitted).toBe(401);
  });

  test('may be no tree at all', () => {
    expect(reportOf({}).items).toEqual([]);
    expect(reportOf({ [Tag.ContentSequence]: value('text', 3, null, {}) }).items).toHaveLength(1);
  });

  test('what stands over the whole report is its context', () => {
    const observer = item('PNAME', 'Observer', { [Tag.RelationshipType]: value('HAS OBS CONTEXT') });
    const { context, items } = reportOf(report(observer, item('TEXT', 'Finding')));
    expect([context, items].map((list) => list.map(({ name }) => name))).toEqual([['Observer'], ['Finding']]);
  });
});

describe('the heading', () => {
  test('warns of what is not final', () => {
    const flags = (completion: string, verification: string): DicomObject => ({
      [Tag.CompletionFlag]: value(completion),
      [Tag.VerificationFlag]: value(verification),
    });
    expect(reportOf(flags('PARTIAL', 'UNVERIFIED')).marks).toEqual([
      { text: 'Partial', isWarning: true },
      { text: 'Unverified', isWarning: true },
    ]);
    expect(reportOf(flags('COMPLETE', 'VERIFIED')).marks.some(({ isWarning }) => isWarning)).toBe(false);
  });

  test('names who verified it', () => {
    const observer = {
      [Tag.VerifyingObserverName]: value({ Alphabetic: 'Reader^Rosa' }),
      [Tag.VerifyingOrganization]: value('North'),
      [Tag.VerificationDateTime]: value('20250320101500'),
    };
    expect(reportOf({ [Tag.VerifyingObserverSequence]: value(observer) }).facts).toContainEqual({
      label: 'Verified by',
      value: 'Reader, Rosa · North · 2025-03-20 10:15:00',
    });
  });
});

describe('tables', () => {
  const event = (protocol: string, dose: string): DicomObject =>
    item(
      'CONTAINER',
      'CT Acquisition',
      {},
      item('TEXT', 'Acquisition Protocol', { [Tag.TextValue]: value(protocol) }),
      item('UIDREF', 'Irradiation Event UID', { [Tag.UID]: value('1.2') }),
      item('CONTAINER', 'CT Dose', {}, num('Mean CTDIvol', dose, 'mGy'), num('DLP', '150', 'mGy.cm')),
    );

  test('are made of groups that repeat', () => {
    const { items } = reportOf(
      report(item('TEXT', 'Start'), event('Thorax', '4.2'), event('Abdomen', '6.1')),
    );
    const [before, block] = blocksOf(items);
    expect(before).toMatchObject({ item: { name: 'Start' } });
    expect(block).toEqual({
      table: {
        name: 'CT Acquisition',
        columns: ['Acquisition Protocol', 'Mean CTDIvol', 'DLP'],
        rows: [
          ['Thorax', '4.2 mGy', '150 mGy·cm'],
          ['Abdomen', '6.1 mGy', '150 mGy·cm'],
        ],
      },
    });
  });

  test('are not made of a single group, nor of images', () => {
    expect(blocksOf(reportOf(report(event('Thorax', '4.2'))).items)).toHaveLength(1);
    const finding = item(
      'CONTAINER',
      'Finding',
      {},
      ...['A', 'B', 'C'].map((name) => num(name, '1', 'mm')),
      item('IMAGE', 'Image', { [Tag.ReferencedSOPSequence]: value({}) }),
    );
    expect(blocksOf(reportOf(report(finding, finding)).items).every((block) => 'item' in block)).toBe(true);
  });
});

test.each([
  ['mm2', 'mm²'],
  ['mGy.cm', 'mGy·cm'],
  ["[hnsf'U]", 'HU'],
  ['um', 'µm'],
  ['umol/l', 'µmol/l'],
  ['Gy.m2', 'Gy·m²'],
  ['g/ml{SUVbw}', 'g/ml SUVbw'],
  ['10*3/ul', '10³/µl'],
  ['cm-1', 'cm⁻¹'],
  ['mm[Hg]', 'mmHg'],
  ['1', ''],
  ['{ratio}', 'ratio'],
  ['%', '%'],
  ['uV', 'µV'],
])('the unit %s is written %s', (ucum, words) => {
  expect(unitText(ucum)).toBe(words);
});
