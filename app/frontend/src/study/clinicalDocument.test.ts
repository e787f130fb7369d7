// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { clinicalDocument } from './clinicalDocument';
import type { Report } from './report';
import { blocksOf } from './reportTables';

function read(body: string): Report | undefined {
  const source = `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Letter</title><effectiveTime value="20250320"/>
    <recordTarget><patientRole><id extension="A1"/><patient><name><given>Ada</given><family>Example</family></name>
    <birthTime value="19610305"/></patient></patientRole></recordTarget>
    <component><structuredBody>${body}</structuredBody></component></ClinicalDocument>`;
  return clinicalDocument(new DOMParser().parseFromString(source, 'text/xml'));
}

const section = (text: string): string =>
  `<component><section><title>Findings</title><text>${text}</text></section></component>`;

test('a document has its heading and sections', () => {
  const report = read(
    section('Before <content>it</content><paragraph>One</paragraph><list><item>Two</item></list>'),
  );
  expect(report?.title).toBe('Letter');
  expect(report?.facts).toEqual([
    { label: 'Patient', value: 'Example, Ada · A1 · born 1961-03-05' },
    { label: 'Written', value: '2025-03-20' },
  ]);
  expect(report?.items[0]?.name).toBe('Findings');
  expect(report?.items[0]?.children.map(({ value }) => value)).toEqual(['Before it', 'One', 'Two']);
});

test('its tables are tables', () => {
  const rows = '<tr><td>CT</td><td>4</td><td>mGy</td></tr><tr><td>XA</td><td>5</td><td>Gy</td></tr>';
  const table = `<table><thead><tr><th>What</th><th>Dose</th><th>Unit</th></tr></thead><tbody>${rows}</tbody></table>`;
  expect(blocksOf(read(section(table))?.items[0]?.children ?? [])).toEqual([
    {
      table: {
        name: '',
        columns: ['What', 'Dose', 'Unit'],
        rows: [
          ['CT', '4', 'mGy'],
          ['XA', '5', 'Gy'],
        ],
      },
    },
  ]);
});

test('markup in it is words, and what is no such document is refused', () => {
  expect(read(section('&lt;script&gt;alert(1)&lt;/script&gt;'))?.items[0]?.children[0]?.value).toContain(
    '<script>',
  );
  expect(clinicalDocument(new DOMParser().parseFromString('<html/>', 'text/xml'))).toBeUndefined();
});
