"""Transfer syntaxes: what each is called and what it does to pixels (PS3.5 chapter 10, PS3.6 A, PS3.18 8.7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OCTET_STREAM: Final = "application/octet-stream"


@dataclass(frozen=True)
class TransferSyntax:
    """Facts of one transfer syntax.

    ``lossless`` is None where the syntax leaves it open; ``frame_media_type`` is what a frame in this syntax is called
    in DICOMweb.
    """

    uid: str
    name: str
    encapsulated: bool = False
    lossless: bool | None = True
    frame_media_type: str = OCTET_STREAM


def _jpeg(uid: str, name: str, *, lossless: bool = False) -> TransferSyntax:
    return TransferSyntax(f"1.2.840.10008.1.2.4.{uid}", name, True, lossless, "image/jpeg")


def _encapsulated(uid: str, name: str, media_type: str, *, lossless: bool | None) -> TransferSyntax:
    return TransferSyntax(f"1.2.840.10008.1.2.{uid}", name, True, lossless, media_type)


_KNOWN: Final = (
    TransferSyntax("1.2.840.10008.1.2", "Implicit little endian"),
    TransferSyntax("1.2.840.10008.1.2.1", "Explicit little endian"),
    TransferSyntax("1.2.840.10008.1.2.1.98", "Encapsulated uncompressed", encapsulated=True),
    TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated little endian"),
    TransferSyntax("1.2.840.10008.1.2.2", "Explicit big endian (retired)"),
    _jpeg("50", "JPEG baseline"),
    _jpeg("51", "JPEG extended"),
    _jpeg("57", "JPEG lossless", lossless=True),
    _jpeg("70", "JPEG lossless, first-order prediction", lossless=True),
    _encapsulated("4.80", "JPEG-LS lossless", "image/jls", lossless=True),
    _encapsulated("4.81", "JPEG-LS near-lossless", "image/jls", lossless=False),
    _encapsulated("4.90", "JPEG 2000 lossless", "image/jp2", lossless=True),
    _encapsulated("4.91", "JPEG 2000", "image/jp2", lossless=None),
    _encapsulated("4.92", "JPEG 2000 part 2 lossless", "image/jpx", lossless=True),
    _encapsulated("4.93", "JPEG 2000 part 2", "image/jpx", lossless=None),
    _encapsulated("4.100", "MPEG-2 main level", "video/mpeg2", lossless=False),
    _encapsulated("4.101", "MPEG-2 high level", "video/mpeg2", lossless=False),
    _encapsulated("4.102", "H.264 high profile", "video/mp4", lossless=False),
    _encapsulated("4.103", "H.264 high profile, BD-compatible", "video/mp4", lossless=False),
    _encapsulated("4.104", "H.264 high profile 4.2, 2D", "video/mp4", lossless=False),
    _encapsulated("4.105", "H.264 high profile 4.2, 3D", "video/mp4", lossless=False),
    _encapsulated("4.106", "H.264 stereo high profile", "video/mp4", lossless=False),
    _encapsulated("4.100.1", "MPEG-2 main level, fragmentable", "video/mpeg2", lossless=False),
    _encapsulated("4.101.1", "MPEG-2 high level, fragmentable", "video/mpeg2", lossless=False),
    _encapsulated("4.102.1", "H.264 high profile, fragmentable", "video/mp4", lossless=False),
    _encapsulated("4.103.1", "H.264 high profile, BD-compatible, fragmentable", "video/mp4", lossless=False),
    _encapsulated("4.104.1", "H.264 high profile 4.2, 2D, fragmentable", "video/mp4", lossless=False),
    _encapsulated("4.105.1", "H.264 high profile 4.2, 3D, fragmentable", "video/mp4", lossless=False),
    _encapsulated("4.106.1", "H.264 stereo high profile, fragmentable", "video/mp4", lossless=False),
    _encapsulated("4.107", "H.265 main profile", "video/H265", lossless=False),
    _encapsulated("4.108", "H.265 main 10 profile", "video/H265", lossless=False),
    _encapsulated("4.110", "JPEG XL lossless", "image/jxl", lossless=True),
    _encapsulated("4.111", "JPEG XL JPEG recompression", "image/jxl", lossless=None),
    _encapsulated("4.112", "JPEG XL", "image/jxl", lossless=None),
    _encapsulated("4.201", "High-throughput JPEG 2000 lossless", "image/jphc", lossless=True),
    _encapsulated("4.202", "High-throughput JPEG 2000 lossless, RPCL", "image/jphc", lossless=True),
    _encapsulated("4.203", "High-throughput JPEG 2000", "image/jphc", lossless=None),
    _encapsulated("5", "RLE lossless", "image/dicom-rle", lossless=True),
)

TRANSFER_SYNTAXES: Final = {syntax.uid: syntax for syntax in _KNOWN}


def transfer_syntax(uid: str) -> TransferSyntax:
    """Return the facts of ``uid``; one that is not in the table is taken for encapsulated and of unknown loss.

    Whatever has been added to the standard since 2000 is encapsulated, so that is the safe guess.
    """
    known = TRANSFER_SYNTAXES.get(uid)
    return known or TransferSyntax(uid, f"Unknown transfer syntax {uid}", encapsulated=True, lossless=None)
