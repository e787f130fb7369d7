"""Waveforms whose values are known: sines of 1 mV in twelve leads, a long recording, pressures, and a voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    AmbulatoryECGWaveformStorage,
    BasicVoiceAudioWaveformStorage,
    HemodynamicWaveformStorage,
    TwelveLeadECGWaveformStorage,
)

from tests.data.phantoms import SyntheticSeries, SyntheticStudy, new_instance
from tests.data.reports import code

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
FREQUENCY = 500
SECONDS = 10
STEP_MICROVOLTS = 2.5  # sensitivity; its correction doubles it
CORRECTION = 2.0


def _channel(name: str, unit: str, sensitivity: float, *, correction: float = 1.0, baseline: float = 0.0) -> Dataset:
    channel = Dataset()
    channel.ChannelSourceSequence = Sequence([code(name, "99SYN", name)])
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = sensitivity, correction
    channel.ChannelSensitivityUnitsSequence = Sequence([code(unit, "UCUM", unit)])
    channel.ChannelBaseline, channel.ChannelSampleSkew, channel.WaveformBitsStored = baseline, 0, 16
    channel.FilterLowFrequency, channel.FilterHighFrequency, channel.NotchFilterFrequency = 0.05, 150, 50
    return channel


def _group(label: str, channels: list[Dataset], samples: NDArray[np.int16] | NDArray[np.uint8], rate: float) -> Dataset:
    """Return a multiplex group; ``samples`` is (samples, channels)."""
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = label, "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = samples.shape[1], samples.shape[0]
    group.SamplingFrequency = rate
    group.ChannelDefinitionSequence = Sequence(channels)
    is_byte = samples.dtype.itemsize == 1
    group.WaveformBitsAllocated = 8 if is_byte else 16
    group.WaveformSampleInterpretation = "MB" if is_byte else "SS"
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    group.WaveformData = data + b"\0" * (len(data) % 2)
    group["WaveformData"].VR = "OB" if is_byte else "OW"
    return group


def _recording(
    study: SyntheticStudy, sop_class: str, number: int, modality: str, description: str, *groups: Dataset
) -> Dataset:
    dataset = new_instance(sop_class, SyntheticSeries(study, modality, 50 + number, description), 1)
    dataset.AcquisitionDateTime = study.date + study.time
    dataset.AcquisitionContextSequence = Sequence()
    dataset.WaveformSequence = Sequence(groups)
    return dataset


def twelve_lead_ecg(study: SyntheticStudy) -> Dataset:
    """Return 10 s of twelve leads: lead ``n`` (from 1) is a sine of 0.25 × n mV at 2 Hz, so that V1 … tell themselves.

    Lead II is beats with an R wave of exactly 1 mV; lead I is a sine of exactly 1 mV.
    """
    times = np.arange(FREQUENCY * SECONDS) / FREQUENCY
    millivolts = np.stack([0.1 * (index + 1) * np.sin(2 * np.pi * 2 * times) for index in range(len(LEADS))], axis=1)
    millivolts[:, 0] = np.sin(2 * np.pi * 2 * times)
    millivolts[:, 1] = _beats(times)
    steps = np.rint(millivolts * 1000 / (STEP_MICROVOLTS * CORRECTION)).astype(np.int16)
    channels = [_channel(f"Lead {lead}", "uV", STEP_MICROVOLTS, correction=CORRECTION) for lead in LEADS]
    dataset = _recording(
        study, TwelveLeadECGWaveformStorage, 1, "ECG", "12-lead ECG", _group("RHYTHM", channels, steps, FREQUENCY)
    )
    statement, rate = Dataset(), Dataset()
    statement.UnformattedTextValue, statement.ReferencedWaveformChannels = "Sinus rhythm <b>synthetic</b>", [1, 0]
    rate.ConceptNameCodeSequence = Sequence([code("8867-4", "LN", "Heart rate")])
    rate.NumericValue, rate.ReferencedWaveformChannels = "75", [1, 0]
    rate.MeasurementUnitsCodeSequence = Sequence([code("{H.B.}/min", "UCUM", "beats per minute")])
    dataset.WaveformAnnotationSequence = Sequence([statement, rate])
    return dataset


def _beats(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return beats every 0.8 s: P, QRS with an R wave of 1 mV, and T."""
    phase = times % 0.8
    waves = ((0.20, 0.025, 0.12), (0.36, 0.009, 1.0), (0.39, 0.010, -0.2), (0.60, 0.045, 0.3))
    beats: NDArray[np.float64] = sum(
        (height * np.exp(-(((phase - at) / width) ** 2)) for at, width, height in waves), np.zeros_like(times)
    )
    return beats


def ambulatory_ecg(study: SyntheticStudy, minutes: int = 10) -> Dataset:
    """Return a long recording of two channels; each second begins with as many millivolts as half its minute says."""
    times = np.arange(200 * 60 * minutes) / 200
    millivolts = np.where(times % 1 < 0.1, 0.5 * (times // 60), 0.0)
    steps = np.stack([np.rint(millivolts * 100), np.rint(-millivolts * 100)], axis=1).astype(np.int16)
    channels = [_channel("Channel A", "mV", 0.01), _channel("Channel B", "mV", 0.01)]
    return _recording(study, AmbulatoryECGWaveformStorage, 2, "ECG", "Holter", _group("HOLTER", channels, steps, 200))


def pressures(study: SyntheticStudy) -> Dataset:
    """Return 5 s of arterial pressure between 80 and 120 mmHg."""
    times = np.arange(5 * 240) / 240
    steps = np.rint(200 * np.sin(2 * np.pi * 1.2 * times)).astype(np.int16)[:, np.newaxis]
    channel = _channel("Aortic pressure", "mm[Hg]", 0.1, baseline=100)
    return _recording(
        study, HemodynamicWaveformStorage, 3, "HD", "Pressures", _group("PRESSURE", [channel], steps, 240)
    )


def voice(study: SyntheticStudy) -> Dataset:
    """Return a second of 440 Hz in µ-law, 8 kHz."""
    times = np.arange(8000) / 8000
    levels = 4000 * np.sin(2 * np.pi * 440 * times)
    codes = np.array([_mu_law(level) for level in levels], dtype=np.uint8)[:, np.newaxis]
    channel = _channel("Voice", "1", 1.0)
    return _recording(
        study, BasicVoiceAudioWaveformStorage, 4, "AU", "Dictation", _group("VOICE", [channel], codes, 8000)
    )


def _mu_law(level: float) -> int:
    """Return the code of a level of 14 bits (ITU-T G.711)."""
    magnitude = min(abs(round(level)), 8158) + 33
    exponent = max(0, magnitude.bit_length() - 6)
    mantissa = (magnitude >> (exponent + 1)) & 0x0F
    return ~((0x80 if level < 0 else 0) | exponent << 4 | mantissa) & 0xFF
