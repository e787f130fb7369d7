import { describe, expect, test } from 'vitest';
import { CorruptDataError } from './errors';
import { firstPart, parameter, transferSyntaxOf } from './multipart';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const related = 'multipart/related; type="application/octet-stream"; boundary=XX';

describe('a multipart answer', () => {
  test('yields the first part with its own type', () => {
    const body = encode(
      '--XX\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.90\r\n\r\n\r\n-\0pix\r\n--XX--\r\n',
    );
    const part = firstPart(body, related);
    expect(new TextDecoder().decode(part.bytes)).toBe('\r\n-\0pix');
    expect(transferSyntaxOf(part.contentType)).toBe('1.2.840.10008.1.2.4.90');
  });

  test('trusts the length that a part states', () => {
    const body = encode(
      '--XX\r\ncontent-length: 10\r\ncontent-type: image/jpeg\r\n\r\nab\r\n--XXcd\r\n--XX--',
    );
    expect(new TextDecoder().decode(firstPart(body, related).bytes)).toBe('ab\r\n--XXcd');
  });

  test('may have its boundary in quotes', () => {
    expect(parameter('multipart/related; boundary="a;b"; type="x/y"', 'boundary')).toBe('a;b');
  });

  test.each([
    ['no boundary', 'multipart/related', '--XX\r\n\r\nabc\r\n--XX--'],
    ['no part', related, 'nothing'],
    ['no end', related, '--XX\r\nContent-Type: image/jpeg\r\n\r\nabc'],
    ['less than it states', related, '--XX\r\nContent-Length: 99\r\n\r\nabc\r\n--XX--'],
  ])('with %s is corrupt', (_, contentType, body) => {
    expect(() => firstPart(encode(body), contentType)).toThrow(CorruptDataError);
  });

  test('may as well be a single part', () => {
    expect(firstPart(encode('abc'), 'image/jpeg').bytes).toEqual(encode('abc'));
  });
});

describe('the transfer syntax', () => {
  test.each([
    ['application/octet-stream', '1.2.840.10008.1.2.1'],
    ['image/jpeg', '1.2.840.10008.1.2.4.50'],
    ['image/jls; q=1', '1.2.840.10008.1.2.4.80'],
    ['application/octet-stream; transfer-syntax="1.2.840.10008.1.2.5"', '1.2.840.10008.1.2.5'],
  ])('of %s is %s', (contentType, expected) => {
    expect(transferSyntaxOf(contentType)).toBe(expected);
  });
});
