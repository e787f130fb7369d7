import { describe, expect, test } from 'vitest';
import type { DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { value } from './testing';
import { caliperText, extremes, hasStandardLeads, pathOf, rowsSheet, standardSheet } from './traces';
import { physicalValues, waveformAnnotations, waveformGroups, type WaveformGroup } from './waveform';

const leads = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const scale = { speed: 25, gain: 10 };

function channel(name: string, more: DicomObject = {}): DicomObject {
  return {
    [Tag.ChannelSourceSequence]: value({ [Tag.CodeMeaning]: value(name) }),
    [Tag.ChannelSensitivity]: value(1),
    [Tag.ChannelSensitivityUnitsSequence]: value({ [Tag.CodeValue]: value('uV') }),
    ...more,
  };
}

function group(channels: DicomObject[], more: DicomObject = {}): DicomObject {
  return {
    [Tag.NumberOfWaveformSamples]: value(5000),
    [Tag.SamplingFrequency]: value(500),
    [Tag.WaveformBitsAllocated]: value(16),
    [Tag.WaveformSampleInterpretation]: value('SS'),
    [Tag.ChannelDefinitionSequence]: value(...channels),
    ...more,
  };
}

function read(...channels: DicomObject[]): WaveformGroup {
  return readGroup(group(channels));
}

function readGroup(object: DicomObject): WaveformGroup {
  const [found] = waveformGroups({ [Tag.WaveformSequence]: value(object) });
  if (!found) throw new Error('no group');
  return found;
}

describe('samples', () => {
  test.each<[number, string, number[], number[]]>([
    [8, 'SB', [0x7f, 0x80], [127, -128]],
    [8, 'UB', [0x7f, 0x80], [127, 128]],
    [8, 'MB', [0xff, 0x00, 0x80], [0, -8031, 8031]],
    [8, 'AB', [0xd5, 0x55, 0x2a, 0xaa], [1, -1, -4032, 4032]],
    [16, 'SS', [0x00, 0x80, 0xff, 0x7f], [-32768, 32767]],
    [16, 'US', [0x00, 0x80, 0xff, 0x7f], [32768, 32767]],
    [32, 'SL', [0xfe, 0xff, 0xff, 0xff], [-2]],
    [32, 'UL', [0xfe, 0xff, 0xff, 0x7f], [0x7ffffffe]],
    [16, 'XX', [0xff, 0xff], [-1]],
  ])('of %i bits as %s', (bits, interpretation, bytes, expected) => {
    const plain = { [Tag.ChannelSensitivity]: undefined };
    const object = group([channel('I', plain)], {
      [Tag.WaveformBitsAllocated]: value(bits),
      [Tag.WaveformSampleInterpretation]: value(interpretation),
    });
    const [values] = physicalValues(readGroup(object), Uint8Array.from(bytes));
    expect([...(values ?? [])]).toEqual(expected.map(Math.fround));
  });

  test('become physical: times sensitivity and correction, plus baseline; channels take turns', () => {
    const corrected = channel('I', {
      [Tag.ChannelSensitivity]: value(2.5),
      [Tag.ChannelSensitivityCorrectionFactor]: value(2),
      [Tag.ChannelBaseline]: value(-100),
    });
    const bytes = new Uint8Array(Int16Array.of(100, 7, -20, 8).buffer);
    expect(physicalValues(read(corrected, channel('II')), bytes).map((values) => [...values])).toEqual([
      [400, -200],
      [7, 8],
    ]);
  });

  test('of the padding value are gaps', () => {
    const object = group([channel('I')], {
      [Tag.WaveformPaddingValue]: { vr: 'OW', InlineBinary: btoa('\x00\x80') },
    });
    const [values] = physicalValues(readGroup(object), new Uint8Array(Int16Array.of(5, -32768, 6).buffer));
    expect([...(values ?? [])]).toEqual([5, Number.NaN, 6]);
  });

  test('that end early, or have no rate, do no harm', () => {
    expect(physicalValues(read(channel('I')), Uint8Array.of(1, 0, 2))[0]).toHaveLength(1);
    expect(waveformGroups({ [Tag.WaveformSequence]: value({}, group([], {})) })).toEqual([]);
  });
});

describe('channels', () => {
  test.each([
    ['Lead I (Einthoven)', 'I'],
    ['Lead aVR', 'aVR'],
    ['AVL', 'aVL'],
    ['aVF, augmented voltage, foot', 'aVF'],
    ['Lead V6', 'V6'],
    ['ECG V4R', 'V4R'],
    ['Arterial pressure I', 'Arterial pressure I'],
    ['', 'Channel 1'],
  ])('%s is called %s', (meaning, name) => {
    expect(read(channel(meaning)).channels[0]?.name).toBe(name);
  });

  test('tell their filters', () => {
    const filters = {
      [Tag.FilterLowFrequency]: value(0.05),
      [Tag.FilterHighFrequency]: value(150),
      [Tag.NotchFilterFrequency]: value(50),
    };
    expect(read(channel('I', filters)).channels[0]?.filter).toBe('0.05–150 Hz · notch 50 Hz');
  });

  test('without a sensitivity have no unit', () => {
    expect(read(channel('I', { [Tag.ChannelSensitivity]: undefined })).channels[0]).toMatchObject({
      unit: '',
      millivolts: undefined,
    });
  });
});

describe('the sheet', () => {
  const twelve = read(...leads.map((lead) => channel(lead)));

  test('has the standard leads in four columns of 2.5 s and a rhythm strip', () => {
    expect(hasStandardLeads(twelve)).toBe(true);
    const { traces, width } = standardSheet(twelve, scale);
    expect(width).toBe(270);
    expect(traces).toHaveLength(13);
    expect(traces.map(({ name }) => name).slice(0, 5)).toEqual(['I', 'aVR', 'V1', 'V4', 'II']);
    expect(traces[5]).toMatchObject({ name: 'aVL', channel: 4, from: 2.5, to: 5, left: 72.5 });
    expect(traces[12]).toMatchObject({ name: 'II', from: 0, to: 10 });
    expect(hasStandardLeads(read(channel('I')))).toBe(false);
  });

  test.each([
    ['uV', 1000, 1],
    ['mV', 1, 1],
    ['V', 0.001, 1],
    ['uV', 500, 0.5],
  ])('%s: %f of it are drawn as so many millivolts', (unit, amount, millivolts) => {
    const one = read(
      channel('I', { [Tag.ChannelSensitivityUnitsSequence]: value({ [Tag.CodeValue]: value(unit) }) }),
    );
    const [trace] = rowsSheet(one, scale, [0, 1], []).traces;
    if (!trace) throw new Error('no trace');
    expect(amount * trace.millimetresPerUnit).toBeCloseTo(10 * millivolts, 6);
  });

  test('makes what is no voltage fit, at a round number', () => {
    const pressure = { [Tag.ChannelSensitivityUnitsSequence]: value({ [Tag.CodeValue]: value('mm[Hg]') }) };
    const [trace] = rowsSheet(read(channel('Aorta', pressure)), scale, [0, 1], [[70, 130]]).traces;
    expect(trace).toMatchObject({
      millimetresPerUnit: 10 / 50,
      reference: 100,
      legend: '50 mmHg/cm, line at 100',
    });
  });
});

describe('the line', () => {
  const [trace] = rowsSheet(read(channel('I')), scale, [0, 10], []).traces;
  if (!trace) throw new Error('no trace');
  const settings = { frequency: 500, start: 0, skew: 0, speed: 25 };

  test('of a sine of 1 mV is 20 mm high from trough to crest, and 25 mm long for a second', () => {
    const sine = Float32Array.from(
      { length: 501 },
      (_, sample) => 1000 * Math.sin((2 * Math.PI * sample) / 100),
    );
    const points = [...pathOf(trace, sine, settings).matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(
      ([, x, y]) => [Number(x), Number(y)] as const,
    );
    const heights = points.map(([, y]) => y);
    expect(Math.max(...heights) - Math.min(...heights)).toBeCloseTo(20, 3);
    expect((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)).toBeCloseTo(25, 3);
  });

  test('keeps a spike among many samples, and breaks at a gap', () => {
    const dense = new Float32Array(50_000);
    dense[20_003] = 5000;
    expect(pathOf(trace, dense, { ...settings, frequency: 5000 })).toContain((trace.zero - 50).toFixed(3));
    const broken = pathOf(trace, Float32Array.of(1, Number.NaN, 1), settings);
    expect(broken.match(/M/g)).toHaveLength(2);
  });

  test('is later by the skew of its channel', () => {
    expect(pathOf(trace, Float32Array.of(0), { ...settings, skew: 0.1 })).toBe(
      `M12.50 ${trace.zero.toFixed(3)}`,
    );
  });

  test('has its extremes found around gaps', () => {
    expect(extremes(Float32Array.of(Number.NaN, 3, -2, Number.NaN))).toEqual([-2, 3]);
    expect(extremes(Float32Array.of(Number.NaN))).toEqual([Number.NaN, Number.NaN]);
  });

  test('is measured in time, rate and voltage', () => {
    expect(caliperText(20, -12.3, scale, { unit: 'mV', millimetres: 10 })).toBe('800 ms · 75 bpm · 1.23 mV');
    expect(caliperText(2, 5, { speed: 50, gain: 20 }, { unit: 'mmHg', millimetres: 0.5 })).toBe(
      '40 ms · 10 mmHg',
    );
  });
});

describe('annotations', () => {
  const annotated = (annotation: DicomObject): DicomObject => ({
    [Tag.WaveformSequence]: value(group([channel('I')])),
    [Tag.WaveformAnnotationSequence]: value(annotation),
  });

  test('are words, or a measured value', () => {
    const rate = {
      [Tag.ConceptNameCodeSequence]: value({ [Tag.CodeMeaning]: value('Heart rate') }),
      [Tag.NumericValue]: value('72'),
      [Tag.MeasurementUnitsCodeSequence]: value({
        [Tag.CodeValue]: value('{H.B.}/min'),
        [Tag.CodingSchemeDesignator]: value('UCUM'),
      }),
    };
    expect(waveformAnnotations(annotated(rate))[0]?.text).toBe('Heart rate: 72 bpm');
    const free = { [Tag.UnformattedTextValue]: value('Sinus rhythm') };
    expect(waveformAnnotations(annotated(free))[0]).toEqual({ text: 'Sinus rhythm', at: [] });
  });

  test('lie at points in time', () => {
    const marked = {
      [Tag.UnformattedTextValue]: value('R'),
      [Tag.TemporalRangeType]: value('MULTIPOINT'),
      [Tag.ReferencedWaveformChannels]: value(1, 0),
      [Tag.ReferencedSamplePositions]: value(1, 501),
    };
    expect(waveformAnnotations(annotated(marked))[0]?.at).toEqual([
      { group: 0, seconds: 0 },
      { group: 0, seconds: 1 },
    ]);
  });
});
