"""A video that is its own reference: H.264 without any loss, in an MP4 file (ISO/IEC 14496-10 and -12).

Every macroblock is I_PCM, so that each sample comes out of a decoder exactly as it went in.
"""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, MPEG4HP41, UID, VideoEndoscopicImageStorage

from tests.data.phantoms import SyntheticSeries, SyntheticStudy, new_instance

WIDTH, HEIGHT, FRAMES, RATE = 320, 240, 50, 25
PATCH = 48  # the square at the top left that tells the frame by its grey
_MACROBLOCK = 16
_TIMESCALE = 1000


def patch_luma(number: int) -> int:
    """Return the luma of the patch of frame ``number``, from 0: between 40 and 187, three apart."""
    return 40 + 3 * number


def video_object(study: SyntheticStudy, number: int = 1, *, syntax: UID = MPEG4HP41, content: bytes = b"") -> Dataset:
    """Return a Video Endoscopic Image whose stream lies in three fragments."""
    dataset = new_instance(VideoEndoscopicImageStorage, SyntheticSeries(study, "ES", 60 + number, "Endoscopy"), 1)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = HEIGHT, WIDTH, FRAMES
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.FrameTime, dataset.CineRate = 1000 / RATE, RATE
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_14496_10"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([content or mp4()], fragments_per_frame=3, has_bot=False)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def mpeg2_object(study: SyntheticStudy) -> Dataset:
    """Return a video in MPEG-2 by its first bytes and transfer syntax, which no browser plays."""
    return video_object(study, 2, syntax=MPEG2MPML, content=b"\x00\x00\x01\xb3" + bytes(1020))


@cache
def mp4() -> bytes:
    """Return the MP4 file."""
    samples = [_sample(number) for number in range(FRAMES)]
    kind = _box(b"ftyp", b"isom" + struct.pack(">L", 512) + b"isomavc1mp41")
    header = _movie([len(sample) for sample in samples], 0)
    header = _movie([len(sample) for sample in samples], len(kind) + len(header) + 8)
    return kind + header + _box(b"mdat", b"".join(samples))


def frame_luma(number: int) -> NDArray[np.uint8]:
    """Return the luma of a frame: a ring that goes round on a gradient, and the patch."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    picture = 40 + 60 * np.hypot(rows - HEIGHT / 2, columns - WIDTH / 2) / 200
    turn = 2 * np.pi * number / FRAMES
    distance = np.hypot(rows - HEIGHT / 2 - 60 * np.sin(turn), columns - WIDTH / 2 - 60 * np.cos(turn))
    picture[np.abs(distance - 24) < 8] = 200
    picture[:PATCH, :PATCH] = patch_luma(number)
    luma: NDArray[np.uint8] = picture.astype(np.uint8)
    return luma


class _Bits:
    """Writes the syntax elements of clause 7.3; fixed and exponential Golomb codes."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, count: int, value: int) -> _Bits:
        self._bits += f"{value:0{count}b}"
        return self

    def ue(self, *values: int) -> _Bits:
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def aligned(self) -> bytes:
        """Return the bytes, the last one filled with zeros, and begin anew."""
        padded = self._bits + "0" * (-len(self._bits) % 8)
        self._bits = ""
        return bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))

    def trailing(self) -> bytes:
        """Return the bytes with the stop bit."""
        return self.u(1, 1).aligned()


def _parameter_sets() -> tuple[bytes, bytes]:
    sequence = _Bits().u(8, 66).u(8, 0xC0).u(8, 30).ue(0, 0, 2, 0).u(1, 0)
    sequence.ue(WIDTH // _MACROBLOCK - 1, HEIGHT // _MACROBLOCK - 1).u(1, 1).u(1, 1).u(1, 0).u(1, 0)
    picture = _Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(1, 1).u(2, 0)
    return _unit(0x67, sequence.trailing()), _unit(0x68, picture.trailing())


def _unit(header: int, payload: bytes) -> bytes:
    """Return a NAL unit, in which no start code can appear (7.4.1)."""
    escaped, zeros = bytearray([header]), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(escaped)


def _sample(number: int) -> bytes:
    """Return one IDR picture with its length."""
    bits = _Bits().ue(0, 7, 0).u(4, 0).ue(number % 2).u(2, 0).ue(0, 1)
    luma, payload = frame_luma(number), bytearray()
    chroma = bytes([128]) * 128
    for row in range(0, HEIGHT, _MACROBLOCK):
        for column in range(0, WIDTH, _MACROBLOCK):
            payload += bits.ue(25).aligned()
            payload += luma[row : row + _MACROBLOCK, column : column + _MACROBLOCK].tobytes() + chroma
    unit = _unit(0x65, bytes(payload) + bits.trailing())
    return struct.pack(">L", len(unit)) + unit


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">L", len(body) + 8) + kind + body


def _full(kind: bytes, *content: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">L", flags), *content)


def _movie(sizes: list[int], offset: int) -> bytes:
    """Return the box that describes the video; its samples stand one after the other from ``offset`` on."""
    duration, matrix = len(sizes) * _TIMESCALE // RATE, struct.pack(">9L", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    times = struct.pack(">4L", 0, 0, _TIMESCALE, duration)
    movie = _full(b"mvhd", times, struct.pack(">LHH8x", 65536, 256, 0), matrix, bytes(24), struct.pack(">L", 2))
    size = struct.pack(">LL", WIDTH << 16, HEIGHT << 16)
    track = _full(b"tkhd", struct.pack(">5L", 0, 0, 1, 0, duration), bytes(16), matrix, size, flags=3)
    media = _box(
        b"mdia",
        _full(b"mdhd", times, struct.pack(">HH", 0x55C4, 0)),
        _full(b"hdlr", bytes(4), b"vide", bytes(12), b"\0"),
        _box(
            b"minf",
            _full(b"vmhd", bytes(8), flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">L", 1), _full(b"url ", flags=1))),
            _table(sizes, offset),
        ),
    )
    return _box(b"moov", movie, _box(b"trak", track, media))


def _table(sizes: list[int], offset: int) -> bytes:
    sequence, picture = _parameter_sets()
    configuration = _box(
        b"avcC",
        bytes([1, *sequence[1:4], 0xFF, 0xE1]),
        struct.pack(">H", len(sequence)),
        sequence,
        b"\x01",
        struct.pack(">H", len(picture)),
        picture,
    )
    entry = _box(
        b"avc1",
        struct.pack(">6xH16xHHLL4xH32xHh", 1, WIDTH, HEIGHT, 72 << 16, 72 << 16, 1, 24, -1),
        configuration,
    )
    count = len(sizes)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">L", 1), entry),
        _full(b"stts", struct.pack(">3L", 1, count, _TIMESCALE // RATE)),
        _full(b"stsc", struct.pack(">4L", 1, 1, count, 1)),
        _full(b"stsz", struct.pack(">2L", 0, count), struct.pack(f">{count}L", *sizes)),
        _full(b"stco", struct.pack(">2L", 1, offset)),
    )
