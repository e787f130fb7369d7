"""Attributes as Python values: names in many character sets, dates, times and numbers, and broken ones."""

from __future__ import annotations

import struct
from datetime import date, time
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread, read_dataset
from pydicom.filewriter import dcmwrite

from noctis.dicom import attributes


def as_received(group: int, number: int, vr: str, value: bytes, character_set: bytes = b"") -> Dataset:
    """Return a data set that holds one element with exactly these bytes, as a peer would send it."""
    encoded = b""
    if character_set:
        encoded += _element(0x0008, 0x0005, "CS", character_set)
    return read_dataset(BytesIO(encoded + _element(group, number, vr, value)), False, True)


def _element(group: int, number: int, vr: str, value: bytes) -> bytes:
    return (
        struct.pack("<HH2sH", group, number, vr.encode(), len(value) + len(value) % 2) + value + b" " * (len(value) % 2)
    )


@pytest.mark.parametrize(
    ("character_set", "encoded", "display"),
    [
        (b"", b"Phantom^Ada", "Phantom, Ada"),
        (b"ISO_IR 100", "Übung^Jörg".encode("latin-1"), "Übung, Jörg"),
        (b"ISO_IR 144", "Фантом^Анна".encode("iso8859-5"), "Фантом, Анна"),
        (b"ISO_IR 166", "ทดสอบ^สมมติ".encode("tis-620"), "ทดสอบ, สมมติ"),
        (b"ISO_IR 192", "幻影^爱达".encode(), "幻影, 爱达"),
        (b"GB18030", "幻影^爱达".encode("gb18030"), "幻影, 爱达"),
        # PS3.5 H.3.1, example 1.
        (
            b"\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada, Tarou (山田 太郎)",
        ),
        # PS3.5 K.2.
        (
            b"\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            "Zhang, XiaoDong (张 小东)",
        ),
        # PS3.5 I.2.
        (
            b"\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong, Gildong (洪 吉洞)",
        ),
    ],
)
def test_a_name_is_decoded_with_its_character_set(character_set: bytes, encoded: bytes, display: str) -> None:
    dataset = as_received(0x0010, 0x0010, "PN", encoded, character_set)
    assert attributes.person_name(dataset, "PatientName") == display
    assert attributes.demographics(dataset).name_display == display


@pytest.mark.parametrize(
    ("name", "display"),
    [
        ("", ""),
        ("^^^^", ""),
        ("Phantom", "Phantom"),
        ("^Ada", "Ada"),
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams, John Robert Quincy"),
        ("Phantom^Ada^M", "Phantom, Ada M"),
        ("=山田^太郎", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("Phantom^Ada\0", "Phantom, Ada"),
    ],
)
def test_a_name_is_shown_family_first(name: str, display: str) -> None:
    assert attributes.person_name_display(name) == display


def test_an_unknown_character_set_still_gives_a_name() -> None:
    with pytest.warns(UserWarning, match="ISO_IR 999"):
        assert attributes.person_name(as_received(0x0010, 0x0010, "PN", b"Phantom^Ada", b"ISO_IR 999"), "PatientName")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"19700314", date(1970, 3, 14)),
        (b"1970.03.14", date(1970, 3, 14)),
        (b"19700231", None),
        (b"1970", None),
        (b"unknown", None),
        (b"", None),
    ],
)
def test_a_date_is_read_or_absent(value: bytes, expected: date | None) -> None:
    assert attributes.date_value(as_received(0x0008, 0x0020, "DA", value), "StudyDate") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"07", time(7)),
        (b"0731", time(7, 31)),
        (b"073159", time(7, 31, 59)),
        (b"073159.25", time(7, 31, 59, 250_000)),
        (b"07:31:59", time(7, 31, 59)),
        (b"235960", time(23, 59, 59)),
        (b"250000", None),
        (b"7", None),
        (b"", None),
    ],
)
def test_a_time_is_read_or_absent(value: bytes, expected: time | None) -> None:
    assert attributes.time_value(as_received(0x0008, 0x0030, "TM", value), "StudyTime") == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(b"12", 12), (b" 12 ", 12), (b"1A", None), (b"", None), (b"12\\13", 12), (b"2.0", 2)]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_whole_number_is_read_or_absent(value: bytes, expected: int | None) -> None:
    assert attributes.whole_number(as_received(0x0020, 0x0013, "IS", value), "InstanceNumber") == expected


@given(st.binary(max_size=40))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_bytes_make_a_reader_fail(value: bytes) -> None:
    for group, number, vr in (
        (0x0010, 0x0010, "PN"),
        (0x0008, 0x0020, "DA"),
        (0x0020, 0x0013, "IS"),
        (0x0018, 0x0050, "DS"),
    ):
        dataset = as_received(group, number, vr, value, b"\\ISO 2022 IR 87")
        attributes.demographics(dataset)
        attributes.date_value(dataset, "StudyDate")
        attributes.whole_number(dataset, "InstanceNumber")
        attributes.decimal_number(dataset, "SliceThickness")


def test_several_values_are_texts() -> None:
    dataset = Dataset()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert attributes.texts(dataset, "ImageType") == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert attributes.texts(dataset, "Modality") == []


def test_a_name_survives_writing_and_reading() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Phantom^Ada=幻影^爱达="
    buffer = BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True)
    read = dcmread(BytesIO(buffer.getvalue()), force=True)
    assert attributes.person_name_text(read, "PatientName") == "Phantom^Ada=幻影^爱达"
