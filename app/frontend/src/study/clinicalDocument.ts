/** A clinical document (HL7 CDA R2) in the form of a report: its sections, paragraphs, lists and tables as text. */

import { formatDate } from './format';
import { dateAndTime, type Fact, type Report, type ReportItem } from './report';

const mostItems = 5000;
const blockElements = new Set(['paragraph', 'list', 'item', 'table', 'caption', 'text']);

/** Undefined for what is no such document. */
export function clinicalDocument(parsed: Document): Report | undefined {
  const root = parsed.documentElement;
  if (root.localName !== 'ClinicalDocument') return undefined;
  const reader = new SectionReader();
  const body = child(child(root, 'component'), 'structuredBody') ?? root;
  const sections = children(body, 'component').flatMap((component) => children(component, 'section'));
  return {
    title: words(child(root, 'title')) || 'Clinical document',
    marks: [],
    facts: factsOf(root),
    context: [],
    items: sections.map((section) => reader.section(section)),
    omitted: reader.omitted,
  };
}

function child(parent: Element | undefined, name: string): Element | undefined {
  return parent && [...parent.children].find(({ localName }) => localName === name);
}

function children(parent: Element, name: string): Element[] {
  return [...parent.children].filter(({ localName }) => localName === name);
}

function path(parent: Element | undefined, ...names: string[]): Element | undefined {
  return names.reduce(child, parent);
}

function words(node: Node | undefined): string {
  return (node?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

function factsOf(root: Element): Fact[] {
  const patient = path(root, 'recordTarget', 'patientRole');
  const born = path(patient, 'patient', 'birthTime')?.getAttribute('value') ?? undefined;
  const birthDate = formatDate(born?.slice(0, 8));
  const facts: Fact[] = [
    {
      label: 'Patient',
      value: [
        nameOf(path(patient, 'patient', 'name')),
        child(patient, 'id')?.getAttribute('extension'),
        birthDate && `born ${birthDate}`,
      ]
        .filter(Boolean)
        .join(' · '),
    },
    { label: 'Written', value: dateAndTime(child(root, 'effectiveTime')?.getAttribute('value') ?? '') },
    ...children(root, 'author').map((author) => ({
      label: 'Author',
      value: nameOf(path(author, 'assignedAuthor', 'assignedPerson', 'name')),
    })),
    {
      label: 'Kept by',
      value: words(path(root, 'custodian', 'assignedCustodian', 'representedCustodianOrganization', 'name')),
    },
  ];
  return facts.filter(({ value }) => value !== '');
}

/** `FAMILY, Given` where the parts are told apart. */
function nameOf(name: Element | undefined): string {
  if (!name || name.children.length === 0) return words(name);
  const parts = (kind: string): string => children(name, kind).map(words).join(' ');
  return [parts('family'), [parts('prefix'), parts('given'), parts('suffix')].filter(Boolean).join(' ')]
    .filter(Boolean)
    .join(', ');
}

class SectionReader {
  private count = 0;
  omitted = 0;

  section(section: Element): ReportItem {
    const nested = children(section, 'component').flatMap((component) => children(component, 'section'));
    const narrative = child(section, 'text');
    return item('CONTAINER', words(child(section, 'title')), '', [
      ...(narrative ? this.blocks(narrative) : []),
      ...nested.map((inner) => this.section(inner)),
    ]);
  }

  /** Runs of text and inline elements become paragraphs; what is a block stands for itself. */
  private blocks(parent: Element): ReportItem[] {
    const found: ReportItem[] = [];
    let run = '';
    const flush = (): void => {
      found.push(...this.paragraph(run));
      run = '';
    };
    for (const node of parent.childNodes) {
      const isBlock = node.nodeType === Node.ELEMENT_NODE && blockElements.has((node as Element).localName);
      if (!isBlock) {
        run += (node as Element).localName === 'br' ? ' ' : (node.textContent ?? '');
        continue;
      }
      flush();
      found.push(...this.block(node as Element));
    }
    flush();
    return found;
  }

  private block(block: Element): ReportItem[] {
    if (block.localName === 'table') return this.rows(block);
    if (block.localName === 'list') {
      return children(block, 'item').flatMap((entry) => this.blocks(entry));
    }
    return this.blocks(block);
  }

  private rows(table: Element): ReportItem[] {
    const rows = [...table.getElementsByTagNameNS('*', 'tr')];
    const headings = children(rows[0] ?? table, 'th').map(words);
    const name = words(child(table, 'caption'));
    return rows
      .filter((row) => children(row, 'td').length > 0)
      .flatMap((row) => {
        const cells = [...row.children].filter(({ localName }) => localName === 'td' || localName === 'th');
        const values = cells.map((cell, at) => item('TEXT', headings[at] ?? `Column ${at + 1}`, words(cell)));
        return this.counted(item('CONTAINER', name, '', values));
      });
  }

  private paragraph(text: string): ReportItem[] {
    const plain = text.replace(/\s+/g, ' ').trim();
    return plain === '' ? [] : this.counted(item('TEXT', '', plain));
  }

  private counted(made: ReportItem): ReportItem[] {
    this.count += 1;
    if (this.count <= mostItems) return [made];
    this.omitted += 1;
    return [];
  }
}

function item(kind: string, name: string, value: string, children: ReportItem[] = []): ReportItem {
  return { kind, relationship: '', name, concept: `:${name}`, value, references: [], children };
}
