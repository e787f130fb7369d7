"""Objects that were cut off are refused wherever the cut is; whole ones of every kind are taken."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from noctis.archive.header import NotStorable, read_header

WHOLE = (
    "CT_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "JPEG2000.dcm",
    "SC_rgb_rle.dcm",
    "examples_palette.dcm",
    "liver_1frame.dcm",
    "image_dfl.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
    "rtdose_1frame.dcm",
)
IMAGES = ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm", "examples_palette.dcm")


def content_of(name: str) -> bytes:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return Path(path).read_bytes()


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_object_is_read(tmp_path, name):
    path = tmp_path / "whole.dcm"
    path.write_bytes(content_of(name))
    assert read_header(path).file_size == len(content_of(name))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_cut_off_within_an_element_is_refused(tmp_path, name):
    content = content_of(name)
    path = tmp_path / "cut.dcm"
    cuts = range(132, len(content), max(1, len(content) // 500))
    accepted = []
    for cut in {*cuts, *range(len(content) - 9, len(content))}:
        path.write_bytes(content[:cut])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read_header(path)
        except NotStorable:
            continue
        accepted.append(cut)
    # Only a cut exactly between two elements before the pixels cannot be told from an object that has none.
    pixels = content.rindex(b"\xe0\x7f\x10\x00" if b"\xe0\x7f\x10\x00" in content else b"\x7f\xe0\x00\x10")
    assert all(cut < pixels for cut in accepted)
    assert len(accepted) < 12


def test_zeros_behind_the_data_set_are_no_damage(tmp_path):
    path = tmp_path / "padded.dcm"
    path.write_bytes(content_of("CT_small.dcm") + bytes(512))
    read_header(path)


def test_other_bytes_behind_the_data_set_are_refused(tmp_path):
    path = tmp_path / "tail.dcm"
    path.write_bytes(content_of("CT_small.dcm") + bytes(8) + b"garbage!")
    with pytest.raises(NotStorable):
        read_header(path)


def test_sequences_nested_without_end_are_refused(tmp_path):
    sequence = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = tmp_path / "deep.dcm"
    content = content_of("CT_small.dcm")
    path.write_bytes(content[: content.index(b"\x08\x00\x05\x00CS")] + sequence * 5000)
    with pytest.raises(NotStorable):
        read_header(path)


def test_a_length_beyond_the_file_costs_no_memory(tmp_path):
    content = content_of("CT_small.dcm")
    head = content[: content.index(b"\x08\x00\x05\x00CS")]
    path = tmp_path / "huge.dcm"
    path.write_bytes(head + b"\x09\x00\x01\x10UN\0\0\xfe\xff\xff\xff" + bytes(64))
    with pytest.raises(NotStorable):
        read_header(path)
