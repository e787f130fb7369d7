"""Data sets that are made to fill the memory or to go on for ever: refused or set aside, and nobody else notices."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tests.support.dicom_service import DicomService
from tests.support.footprint import MEGABYTE, unharmed
from tests.support.peers import SentObject
from tests.support.raw_peer import EXPLICIT, IMPLICIT, RawPeer, store_command
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

SUCCESS = 0x0000
CANNOT_UNDERSTAND = 0xC000
DEPTH = 10_000
SEQUENCE = 0x00400275
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
Element = Callable[[int, bytes, bytes], bytes]


def tag(number: int) -> bytes:
    return struct.pack("<HH", number >> 16, number & 0xFFFF)


def explicit(number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    value += bytes(len(value) % 2)
    length = len(value) if length is None else length
    if vr in {b"SQ", b"OB", b"UN", b"UT", b"OW"}:
        return tag(number) + vr + bytes(2) + struct.pack("<L", length) + value
    return tag(number) + vr + struct.pack("<H", length) + value


def implicit(number: int, _vr: bytes, value: bytes, length: int | None = None) -> bytes:
    value += bytes(len(value) % 2)
    return tag(number) + struct.pack("<L", len(value) if length is None else length) + value


def beginning(number: int, element: Element) -> bytes:
    """Return the elements up to group 0020 that make an object storable."""
    return b"".join(
        (
            element(0x00080016, b"UI", SECONDARY_CAPTURE.encode()),
            element(0x00080018, b"UI", f"2.25.6.{number}".encode()),
            element(0x00080060, b"CS", b"OT"),
            element(0x00100010, b"PN", b"Hostile"),
            element(0x00100020, b"LO", f"H{number}".encode()),
            element(0x0020000D, b"UI", f"2.25.4.{number}".encode()),
            element(0x0020000E, b"UI", f"2.25.5.{number}".encode()),
        )
    )


def nested(depth: int, element: Element, *, defined: bool) -> bytes:
    """Return a sequence that holds itself, as it were, ``depth`` times."""
    if defined:
        inner = b""
        for _ in range(depth):
            item = tag(ITEM) + struct.pack("<L", len(inner)) + inner
            inner = element(SEQUENCE, b"SQ", item)
        return inner
    opening = element(SEQUENCE, b"SQ", b"", UNDEFINED) + tag(ITEM) + struct.pack("<L", UNDEFINED)  # type: ignore[call-arg]
    closing = tag(ITEM_END) + bytes(4) + tag(SEQUENCE_END) + bytes(4)
    return opening * depth + closing * depth


def many_elements(count: int, element: Element) -> bytes:
    """Return private elements without a value."""
    return b"".join(
        element(((0x0021 + 2 * (number // 0xF000)) << 16) + 0x1000 + number % 0xF000, b"LO", b"")
        for number in range(count)
    )


def hostile(number: int, data_set: bytes, syntax: str = EXPLICIT) -> SentObject:
    from pathlib import Path

    return SentObject(Path(), SECONDARY_CAPTURE, f"2.25.6.{number}", syntax, data_set)


def announced_four_gigabytes() -> Iterator[tuple[str, SentObject]]:
    for number, length in enumerate((0xFFFFFFFE, 0x80000000), 100):
        start, start_implicit = beginning(number, explicit), beginning(number, implicit)
        for vr in (b"OB", b"UT", b"UN", b"SQ"):
            yield vr.decode(), hostile(number, start + explicit(0x00420011, vr, b"abcd", length))
        yield "implicit", hostile(number, start_implicit + implicit(0x00420011, b"", b"abcd", length), IMPLICIT)
        yield "pixel data", hostile(number, start + explicit(0x7FE00010, b"OW", b"abcd", length))
        item = tag(ITEM) + struct.pack("<L", length) + b"abcd"
        yield "item", hostile(number, start + explicit(SEQUENCE, b"SQ", item, UNDEFINED))
        inside = tag(ITEM) + struct.pack("<L", UNDEFINED) + explicit(0x00420011, b"OB", b"abcd", length)
        yield "within an item", hostile(number, start + explicit(SEQUENCE, b"SQ", inside, UNDEFINED))
        fragment = tag(ITEM) + bytes(4) + tag(ITEM) + struct.pack("<L", length) + b"abcd"
        yield "fragment", hostile(number, start + explicit(0x7FE00010, b"OB", fragment, UNDEFINED))
        first = implicit(0x00080005, b"", b"ISO_IR 100", length)
        yield "character set", hostile(number, first + start_implicit, IMPLICIT)
    start = beginning(99, explicit)
    yield "endless", hostile(99, start + explicit(0x00420011, b"OB", b"abcd", UNDEFINED))


def send(service: DicomService, one: SentObject, syntax: str = "") -> int:
    """Send an object over an association of its own, and see that the association goes on."""
    with RawPeer(service.port) as peer:
        peer.associate(
            [(1, "1.2.840.10008.1.1", [IMPLICIT]), (3, one.sop_class_uid, [syntax or one.transfer_syntax_uid])]
        )
        status = peer.store(3, one)
        assert peer.echo() == 0
        peer.release()
    return status


def test_a_length_of_four_gigabytes_is_refused(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct):
        statuses = {(what, len(one.data_set)): send(service, one) for what, one in announced_four_gigabytes()}

    assert set(statuses.values()) == {CANNOT_UNDERSTAND}, statuses


@pytest.mark.parametrize("defined", [False, True])
@pytest.mark.parametrize(("element", "syntax"), [(explicit, EXPLICIT), (implicit, IMPLICIT)])
def test_sequences_within_sequences_neither_fill_the_stack_nor_stop_the_indexer(
    service: DicomService, ct: SentObject, element: Element, syntax: str, *, defined: bool
) -> None:
    number = 200 + 2 * (element is explicit) + defined
    deep = hostile(number, beginning(number, element) + nested(DEPTH, element, defined=defined), syntax)
    with unharmed(service, ct):
        assert send(service, deep) == CANNOT_UNDERSTAND

    service.wait_until_indexed()
    assert "RecursionError" not in service.said()


def test_sequences_of_a_modest_depth_are_stored(service: DicomService) -> None:
    for number, defined in ((210, False), (211, True)):
        modest = hostile(number, beginning(number, explicit) + nested(30, explicit, defined=defined))
        assert send(service, modest) == SUCCESS


def test_millions_of_elements_are_refused(service: DicomService, ct: SentObject) -> None:
    start = beginning(300, implicit)
    crowded = hostile(300, start + many_elements(2_000_000, implicit), IMPLICIT)
    item = tag(ITEM) + bytes(4)
    items = hostile(
        300, start + implicit(SEQUENCE, b"", item * 4_100_000 + tag(SEQUENCE_END) + bytes(4), UNDEFINED), IMPLICIT
    )
    with unharmed(service, ct, peak=192 * MEGABYTE):
        assert send(service, crowded) == CANNOT_UNDERSTAND
        assert send(service, items) == CANNOT_UNDERSTAND


def test_much_text_before_the_pixels_is_not_read_into_memory(service: DicomService, ct: SentObject) -> None:
    text = b"a" * (200 * MEGABYTE)
    start = beginning(310, explicit)
    inside = tag(ITEM) + struct.pack("<L", UNDEFINED) + explicit(0x00420011, b"OB", text) + tag(ITEM_END) + bytes(4)
    wrapped = hostile(310, start + explicit(SEQUENCE, b"SQ", inside + tag(SEQUENCE_END) + bytes(4), UNDEFINED))
    character_set = hostile(311, implicit(0x00080005, b"", text) + beginning(311, implicit), IMPLICIT)
    with unharmed(service, ct):
        for one, status in ((wrapped, SUCCESS), (character_set, CANNOT_UNDERSTAND)):
            with RawPeer(service.port) as peer:
                peer.associate([(3, one.sop_class_uid, [one.transfer_syntax_uid])])
                assert peer.store(3, one, size=60_000) == status
        service.wait_until_indexed()


def test_a_deflated_data_set_that_inflates_to_gigabytes_is_refused(service: DicomService, ct: SentObject) -> None:
    with unharmed(service, ct, peak=192 * MEGABYTE):
        for number, (start, fill) in enumerate((pixels_of_zeros, elements_of_nothing), 400):
            compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            packed = compressor.compress(start(number)) + compressor.flush(zlib.Z_FULL_FLUSH)
            # What refers to nothing before it may be repeated: nobody has to compress gigabytes.
            packed += (compressor.compress(fill) + compressor.flush(zlib.Z_FULL_FLUSH)) * 1536 + compressor.flush()
            bomb = hostile(number, packed + bytes(len(packed) % 2), DeflatedExplicitVRLittleEndian)
            assert len(bomb.data_set) < 8 * MEGABYTE, "it is small on the wire"
            assert send(service, bomb) == CANNOT_UNDERSTAND


pixels_of_zeros = (
    lambda number: beginning(number, explicit) + explicit(0x7FE00010, b"OB", b"", 1536 * MEGABYTE),
    bytes(MEGABYTE),
)
elements_of_nothing = (lambda number: beginning(number, explicit), explicit(0x00211000, b"LO", b"") * 131072)


@pytest.mark.parametrize("cut", [1, 0.1, 0.5, 0.9, 0.999])
def test_a_deflated_data_set_that_is_cut_off_is_refused(service: DicomService, cut: float) -> None:
    whole = beginning(500, explicit) + explicit(0x7FE00010, b"OB", bytes(range(256)) * 400)
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = compressor.compress(whole) + compressor.flush()
    if cut == 1:
        assert send(service, hostile(500, packed + bytes(len(packed) % 2), DeflatedExplicitVRLittleEndian)) == SUCCESS
    else:
        shortened = packed[: int(len(packed) * cut)]
        assert send(service, hostile(500, shortened, DeflatedExplicitVRLittleEndian)) == CANNOT_UNDERSTAND


def test_a_data_set_that_breaks_off_anywhere_leaves_nothing_behind(service: DicomService, ct: SentObject) -> None:
    command = store_command(ct)
    with unharmed(service, ct):
        for end in range(0, len(ct.data_set) - 2, 397):
            with RawPeer(service.port) as peer:
                peer.associate([(3, ct.sop_class_uid, [ct.transfer_syntax_uid])])
                shortened = SentObject(ct.path, ct.sop_class_uid, "2.25.6.600", ct.transfer_syntax_uid, b"")
                assert command != store_command(shortened)
                assert peer.store(3, shortened, data_set=ct.data_set[:end] or b"\0") != SUCCESS
    wait_for(lambda: not service.half_received(), "an empty incoming folder")
    service.wait_until_indexed()
    assert "2.25.6.600" not in service.stored()
