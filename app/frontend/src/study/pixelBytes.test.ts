import { describe, expect, test } from 'vitest';
import { CorruptDataError } from '../dicomweb/errors';
import type { PixelFormat } from './frame';
import { preparePixels } from './pixelBytes';

const explicitLittle = '1.2.840.10008.1.2.1';
const format: PixelFormat = {
  rows: 1,
  columns: 2,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  pixelRepresentation: 0,
  isFloat: false,
};

describe('stored pixels', () => {
  test('are left alone where the decoders know what to do', () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    expect(preparePixels(bytes, explicitLittle, format)).toEqual({ bytes, changed: {} });
  });

  test.each([[new Uint8Array()], [new Uint8Array([1, 2, 3])]])('that fall short are corrupt', (bytes) => {
    expect(() => preparePixels(bytes, explicitLittle, format)).toThrow(CorruptDataError);
  });

  test('lose the overlay kept in their upper bits', () => {
    const bytes = new Uint8Array([0xff, 0x1f, 0x01, 0xf0]);
    const prepared = preparePixels(bytes, explicitLittle, { ...format, bitsStored: 12, highBit: 11 });
    expect([...prepared.bytes]).toEqual([0xff, 0x0f, 0x01, 0x00]);
  });

  test('move down where they sit in the upper bits', () => {
    const prepared = preparePixels(new Uint8Array([0x10, 0x20, 0, 0]), explicitLittle, {
      ...format,
      bitsStored: 12,
      highBit: 15,
    });
    expect([...prepared.bytes]).toEqual([0x01, 0x02, 0, 0]);
  });

  test('of one bit become bytes, lowest bit first', () => {
    const bits = { ...format, columns: 10, bitsAllocated: 1, bitsStored: 1, highBit: 0 };
    const prepared = preparePixels(new Uint8Array([0b00000101, 0b10]), explicitLittle, bits);
    expect([...prepared.bytes]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    expect(prepared.changed.bitsAllocated).toBe(8);
  });

  test('in YBR 4:2:2 become red, green and blue', () => {
    const ybr = {
      ...format,
      samplesPerPixel: 3,
      bitsAllocated: 8,
      bitsStored: 8,
      photometricInterpretation: 'YBR_FULL_422',
    };
    const { bytes, changed } = preparePixels(new Uint8Array([76, 150, 85, 255]), explicitLittle, ybr);
    expect([...bytes.subarray(0, 3)]).toEqual([254, 0, 0]);
    expect(changed.photometricInterpretation).toBe('RGB');
  });

  test('in JPEG that are red, green and blue say so', () => {
    const rgb = { ...format, samplesPerPixel: 3, bitsAllocated: 8, photometricInterpretation: 'RGB' };
    const bare = new Uint8Array([0xff, 0xd8, 0xff, 0xda, 0, 2]);
    const { bytes } = preparePixels(bare, '1.2.840.10008.1.2.4.50', rgb);
    expect(new TextDecoder().decode(bytes.subarray(6, 11))).toBe('Adobe');
    expect([...bytes.subarray(-4)]).toEqual([0xff, 0xda, 0, 2]);
    expect(preparePixels(bytes, '1.2.840.10008.1.2.4.50', rgb).bytes).toBe(bytes);
  });
});

describe('pixels that the decoders would get wrong', () => {
  const bytesOf = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer.slice(0));

  test('signed ones lose spare bits and keep their sign', () => {
    const signed = { ...format, bitsStored: 12, highBit: 11, pixelRepresentation: 1 };
    const prepared = preparePixels(bytesOf(Uint16Array.of(0xafff, 0x07ff)), explicitLittle, signed);
    expect([...new Int16Array(prepared.bytes.buffer)]).toEqual([-1, 2047]);
  });

  test('signed bytes become words', () => {
    const signed = { ...format, bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 1 };
    const prepared = preparePixels(Uint8Array.of(0xff, 0x7f), explicitLittle, signed);
    expect([...new Int16Array(prepared.bytes.buffer)]).toEqual([-1, 127]);
    expect(prepared.changed).toMatchObject({ bitsAllocated: 16 });
  });

  test('long floating point numbers become short ones, and what is no number the least of them', () => {
    const floats = { ...format, bitsAllocated: 64, isFloat: true };
    const prepared = preparePixels(bytesOf(Float64Array.of(0.5, Number.NaN)), explicitLittle, floats);
    expect([...new Float32Array(prepared.bytes.buffer)]).toEqual([0.5, 0.5]);
  });

  test('colours of 16 bits keep their upper byte, and wavelets are decoded to red, green and blue', () => {
    const deep = { ...format, columns: 1, samplesPerPixel: 3, photometricInterpretation: 'YBR_RCT' };
    const prepared = preparePixels(bytesOf(Uint16Array.of(0x1234, 0xff00, 0x0080)), explicitLittle, deep);
    expect([...prepared.bytes]).toEqual([0x12, 0xff, 0]);
    expect(prepared.changed).toMatchObject({ photometricInterpretation: 'RGB', bitsAllocated: 8 });
  });

  test('television levels reach black and white', () => {
    const partial = {
      ...format,
      bitsAllocated: 8,
      samplesPerPixel: 3,
      photometricInterpretation: 'YBR_PARTIAL_422',
    };
    const prepared = preparePixels(Uint8Array.of(16, 235, 128, 128), explicitLittle, partial);
    expect([...prepared.bytes]).toEqual([0, 0, 0, 255, 255, 255]);
  });
});
