/** Waveforms: their channels, and samples as physical values (PS3.3 C.10.9). */

import { inlineBytes, items, number, numbers, text, type DicomObject } from '../dicomweb/json';
import { Tag } from '../dicomweb/tags';
import { codeMeaning, codeValue, unitOf } from './report';
import { unitText, withUnit } from './units';

export interface Channel {
  name: string;
  /** Physical value of one step of a sample, its correction included. */
  sensitivity: number;
  /** Physical value of sample 0. */
  baseline: number;
  unit: string;
  /** Millivolts in a unit; undefined for what is no voltage. */
  millivolts: number | undefined;
  /** Seconds by which its samples come later than the group's (PS3.3 C.10.9.1.4.3). */
  skew: number;
  filter: string;
}

export interface WaveformGroup {
  label: string;
  channels: Channel[];
  sampleCount: number;
  /** Samples of one channel in a second. */
  frequency: number;
  format: SampleFormat;
  /** Seconds after the beginning of the acquisition. */
  offset: number;
  source: Uint8Array | string | undefined;
}

export interface WaveformAnnotation {
  text: string;
  /** The group, from 0, and the seconds from its beginning, of what lies at a point in time. */
  at: { group: number; seconds: number }[];
}

interface SampleFormat {
  bytes: number;
  interpretation: string;
  padding: number | undefined;
}

const readers: Record<string, ((view: DataView, at: number) => number) | undefined> = {
  SB: (view, at) => view.getInt8(at),
  UB: (view, at) => view.getUint8(at),
  MB: (view, at) => muLaw(view.getUint8(at)),
  AB: (view, at) => aLaw(view.getUint8(at)),
  SS: (view, at) => view.getInt16(at, true),
  US: (view, at) => view.getUint16(at, true),
  SL: (view, at) => view.getInt32(at, true),
  UL: (view, at) => view.getUint32(at, true),
  SV: (view, at) => Number(view.getBigInt64(at, true)),
  UV: (view, at) => Number(view.getBigUint64(at, true)),
};

const usualInterpretations: Record<number, string | undefined> = { 8: 'SB', 16: 'SS', 32: 'SL', 64: 'SV' };

const millivoltsIn: Record<string, number | undefined> = { V: 1000, mV: 1, uV: 0.001, nV: 1e-6 };

/** A group without samples, channels or a rate is left out: nothing can be drawn of it. */
export function waveformGroups(instance: DicomObject): WaveformGroup[] {
  return items(instance, Tag.WaveformSequence)
    .map((group, index) => waveformGroup(group, index))
    .filter(
      ({ channels, sampleCount, frequency }) => channels.length > 0 && sampleCount > 0 && frequency > 0,
    );
}

function waveformGroup(group: DicomObject, index: number): WaveformGroup {
  const definitions = items(group, Tag.ChannelDefinitionSequence);
  const frequency = number(group, Tag.SamplingFrequency) ?? 0;
  return {
    label: text(group, Tag.MultiplexGroupLabel) ?? `Group ${index + 1}`,
    channels: definitions.map((definition, at) => channelOf(definition, at, frequency)),
    sampleCount: number(group, Tag.NumberOfWaveformSamples) ?? 0,
    frequency,
    format: formatOf(group),
    offset: (number(group, Tag.MultiplexGroupTimeOffset) ?? 0) / 1000,
    source: inlineBytes(group, Tag.WaveformData) ?? group[Tag.WaveformData]?.BulkDataURI,
  };
}

function formatOf(group: DicomObject): SampleFormat {
  const bits = number(group, Tag.WaveformBitsAllocated) ?? 16;
  const stated = text(group, Tag.WaveformSampleInterpretation) ?? '';
  const interpretation = readers[stated] ? stated : (usualInterpretations[bits] ?? 'SS');
  const format = { bytes: bits / 8, interpretation, padding: undefined };
  const padding = inlineBytes(group, Tag.WaveformPaddingValue);
  if (!padding || padding.byteLength < format.bytes) return format;
  return { ...format, padding: sampleReader(format)(viewOf(padding), 0) };
}

function channelOf(definition: DicomObject, index: number, frequency: number): Channel {
  const [unitCode] = items(definition, Tag.ChannelSensitivityUnitsSequence);
  const unit = codeValue(unitCode);
  const sensitivity = number(definition, Tag.ChannelSensitivity);
  const skew = number(definition, Tag.ChannelTimeSkew);
  const samples = number(definition, Tag.ChannelSampleSkew) ?? 0;
  return {
    name: channelName(definition, index),
    // Without a sensitivity the samples are numbers without a meaning of their own.
    sensitivity: (sensitivity ?? 1) * (number(definition, Tag.ChannelSensitivityCorrectionFactor) ?? 1),
    baseline: number(definition, Tag.ChannelBaseline) ?? 0,
    unit: sensitivity === undefined ? '' : unitText(unit),
    millivolts: sensitivity === undefined ? undefined : millivoltsIn[unit],
    skew: skew ?? (frequency > 0 ? samples / frequency : 0),
    filter: filterOf(definition),
  };
}

const leadName = /\b(aVR|aVL|aVF|V[1-9]R?|III|II|I)\b/i;

/** `Lead aVR` or `aVR, augmented voltage, right` as aVR. */
function channelName(definition: DicomObject, index: number): string {
  const source = codeMeaning(definition, Tag.ChannelSourceSequence);
  const stated = source || (text(definition, Tag.ChannelLabel) ?? '');
  const isLead = /lead|\bECG\b|augmented/i.test(stated) || leadName.exec(stated)?.[0] === stated;
  const lead = isLead ? leadName.exec(stated)?.[1] : undefined;
  if (lead === undefined) return stated || `Channel ${index + 1}`;
  return /^av/i.test(lead) ? `aV${lead.slice(2).toUpperCase()}` : lead.toUpperCase();
}

function filterOf(definition: DicomObject): string {
  const low = number(definition, Tag.FilterLowFrequency);
  const high = number(definition, Tag.FilterHighFrequency);
  const notch = number(definition, Tag.NotchFilterFrequency);
  const band =
    low !== undefined && high !== undefined
      ? `${low}–${high} Hz`
      : low !== undefined
        ? `from ${low} Hz`
        : high !== undefined && `to ${high} Hz`;
  return [band, notch !== undefined && notch > 0 && `notch ${notch} Hz`].filter(Boolean).join(' · ');
}

/** How many bytes the samples of all channels at one point in time take. */
export function bytesPerSample({ channels, format }: WaveformGroup): number {
  return channels.length * format.bytes;
}

/**
 * The physical values of each channel, NaN where there was no signal.
 *
 * `bytes` begin at a point in time: the channels take turns (PS3.5 section 8.3).
 */
export function physicalValues(group: WaveformGroup, bytes: Uint8Array): Float32Array[] {
  const { channels, format } = group;
  const read = sampleReader(format);
  const view = viewOf(bytes);
  const count = Math.min(group.sampleCount, Math.floor(bytes.byteLength / bytesPerSample(group)));
  return channels.map(({ sensitivity, baseline }, channel) => {
    const values = new Float32Array(count);
    for (let sample = 0; sample < count; sample += 1) {
      const stored = read(view, (sample * channels.length + channel) * format.bytes);
      values[sample] = stored === format.padding ? Number.NaN : stored * sensitivity + baseline;
    }
    return values;
  });
}

function sampleReader({ interpretation }: SampleFormat): (view: DataView, at: number) => number {
  return readers[interpretation] ?? ((view, at) => view.getInt16(at, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** ITU-T G.711, as numbers of 14 bits. */
function muLaw(code: number): number {
  const turned = ~code & 0xff;
  const magnitude = ((((turned & 0x0f) << 3) + 0x84) << ((turned & 0x70) >> 4)) - 0x84;
  return (turned & 0x80 ? -magnitude : magnitude) / 4;
}

/** ITU-T G.711, as numbers of 13 bits. */
function aLaw(code: number): number {
  const turned = code ^ 0x55;
  const exponent = (turned & 0x70) >> 4;
  const mantissa = ((turned & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (turned & 0x80 ? magnitude : -magnitude) / 8;
}

/** What was written beside the curves, by the device or by a reader (PS3.3 C.10.10). */
export function waveformAnnotations(instance: DicomObject): WaveformAnnotation[] {
  const groups = waveformGroups(instance);
  return items(instance, Tag.WaveformAnnotationSequence).map((annotation) => ({
    text: annotationText(annotation),
    at: pointsOf(annotation, groups),
  }));
}

function annotationText(annotation: DicomObject): string {
  const free = text(annotation, Tag.UnformattedTextValue);
  const name = codeMeaning(annotation, Tag.ConceptNameCodeSequence);
  const figure = text(annotation, Tag.NumericValue);
  const code = codeMeaning(annotation, Tag.ConceptCodeSequence);
  const value = figure === undefined ? code : withUnit(figure, unitOf(annotation));
  return free ?? [name, value].filter((part) => part !== '').join(': ');
}

function pointsOf(annotation: DicomObject, groups: readonly WaveformGroup[]): WaveformAnnotation['at'] {
  if (!(text(annotation, Tag.TemporalRangeType) ?? '').includes('POINT')) return [];
  const [first = 1] = numbers(annotation, Tag.ReferencedWaveformChannels);
  const group = first - 1;
  const frequency = groups[group]?.frequency ?? 0;
  if (frequency <= 0) return [];
  const samples = numbers(annotation, Tag.ReferencedSamplePositions);
  const seconds = numbers(annotation, Tag.ReferencedTimeOffsets).map((milliseconds) => milliseconds / 1000);
  const times = samples.length > 0 ? samples.map((sample) => (sample - 1) / frequency) : seconds;
  return times.map((at) => ({ group, seconds: at }));
}
