"""Identifiers as bytes: thousands of them answer one query, and pydicom's writer takes most of the time (PS3.5 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode

_SHORT_TEXTS: Final = frozenset(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"])
_LONGEST_SHORT_VALUE: Final = 0xFFFF
_IMPLICIT: Final = struct.Struct("<HHL")
_EXPLICIT: Final = struct.Struct("<HH2sH")


def encode_identifier(identifier: Dataset, transfer_syntax: UID) -> bytes:
    """Return the bytes of an identifier: those that pydicom would write. Raises ValueError where there are none."""
    encoded: bytes | None = None
    if transfer_syntax in {ImplicitVRLittleEndian, ExplicitVRLittleEndian}:
        encoded = _plain(identifier, implicit=transfer_syntax == ImplicitVRLittleEndian)
    if encoded is None:
        syntax = UID(transfer_syntax)
        encoded = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    if not encoded:
        raise ValueError("an identifier cannot be encoded")
    return encoded


def _plain(elements: Iterable[DataElement], *, implicit: bool) -> bytes | None:
    """Return the bytes of elements that hold nothing but short texts in ASCII, as most do; else None."""
    encoded = bytearray()
    for element in elements:
        if element.VR not in _SHORT_TEXTS:
            return None
        text = _text(element.value)
        if not text.isascii() or len(text) >= _LONGEST_SHORT_VALUE:
            return None
        value = text.encode("ascii")
        if len(value) % 2:
            value += b"\0" if element.VR == "UI" else b" "
        tag = element.tag
        if implicit:
            encoded += _IMPLICIT.pack(tag.group, tag.element, len(value))
        else:
            encoded += _EXPLICIT.pack(tag.group, tag.element, element.VR.encode("ascii"), len(value))
        encoded += value
    return bytes(encoded)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, MultiValue | list | tuple):
        return "\\".join("" if one is None else str(one) for one in value)
    return str(value)
