import { expect, test } from 'vitest';
import { fieldOf, filled, inlineOf } from './fields';

const facts = { age: '45 years', 'comparison date': '2024-05-03' };
const text = (words: string) => ({ type: 'text', text: words });
const field = (label: string, ...choices: string[]) => ({ type: 'field', attrs: { label, choices } });

test('what the study says fills the fields of a macro, the rest is left to the writer', () => {
  expect(
    inlineOf('Patient of {Age}, {side|left|right} lung, compared with {comparison date}.', facts),
  ).toEqual([
    text('Patient of '),
    text('45 years'),
    text(', '),
    field('side', 'left', 'right'),
    text(' lung, compared with '),
    text('2024-05-03'),
    text('.'),
  ]);
});

test('the lines of a macro stay lines', () => {
  expect(inlineOf('One.\nTwo.\n', {})).toEqual([text('One.'), { type: 'hardBreak' }, text('Two.')]);
});

test('braces that name no field stay words', () => {
  expect(inlineOf('{} { } {|a} {{x}', {})).toEqual([text('{} { } {|a} {'), field('x')]);
  expect(fieldOf('x'.repeat(81), '')).toBeUndefined();
  expect(fieldOf('x', '|a'.repeat(21))).toBeUndefined();
});

test('a fact that every object has is none of the study', () => {
  expect(inlineOf('{toString}', facts)).toEqual([field('toString')]);
});

test('a template is filled throughout, with its marks', () => {
  const bold = [{ type: 'bold' }];
  const document = (inline: object) => ({ type: 'doc', content: [{ type: 'paragraph', content: [inline] }] });
  expect(filled(document({ ...field('age'), marks: bold }), facts)).toEqual(
    document({ ...text('45 years'), marks: bold }),
  );
  expect(filled(document(field('size')), facts)).toEqual(document(field('size')));
  expect(filled({ type: 'doc', content: [{ type: 'paragraph' }] }, facts)).toEqual({
    type: 'doc',
    content: [{ type: 'paragraph' }],
  });
});
