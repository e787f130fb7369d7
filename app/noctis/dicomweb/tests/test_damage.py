"""Damaged pixel data: every cut and every changed byte gives an answer in words, soon, and never a hang."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from noctis.archive.models import Instance
from noctis.dicomweb import frames
from noctis.dicomweb.errors import UnreadableInstance
from noctis.dicomweb.fragments import index_frames
from noctis.dicomweb.frames import Memory
from noctis.dicomweb.media_types import parse_accept
from noctis.dicomweb.multipart import Multipart, Part
from noctis.dicomweb.tests.conftest import address, parts_of

AS_STORED = {"accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def item(content: bytes) -> bytes:
    return ITEM + struct.pack("<L", len(content)) + content


def spans(value: bytes, number_of_frames: int) -> list[bytes]:
    """Return the frames of an encapsulated value."""
    index = index_frames(Memory(value), 0, number_of_frames)
    return [
        b"".join(value[span.offset : span.offset + span.length] for span in index.spans(number))
        for number in range(index.number_of_frames)
    ]


def stored_file(instance: Instance):
    return settings.NOCTIS_DATA.storage / instance.path


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    frames._index_of.cache_clear()


def test_one_frame_takes_all_fragments():
    assert spans(item(b"") + item(b"ab") + item(b"cd") + DELIMITER, 1) == [b"abcd"]


def test_a_value_without_a_delimiter_is_read_to_its_end():
    assert spans(item(b"") + item(b"ab") + item(b"cd"), 2) == [b"ab", b"cd"]


def test_empty_fragments_do_no_harm():
    assert spans(item(b"") + item(b"ab") + item(b"") + DELIMITER, 1) == [b"ab"]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xfe\xff",
        b"\xff\xd8\xff\xe0 no item at all",
        ITEM + b"\xff\xff\xff\xff",
        ITEM + b"\x10\x00\x00\x00" + b"\x00" * 4,
        item(b""),
        item(b"") + DELIMITER,
        item(b"\x00\x00\x00"),
        item(b"") + item(b"aa") + item(b"bb") + item(b"cc") + DELIMITER,
    ],
)
def test_fragments_that_make_no_frames_are_an_error(value):
    with pytest.raises(UnreadableInstance):
        spans(value, 2)


@given(st.binary(max_size=200), st.integers(1, 5))
def test_no_bytes_make_the_walk_hang_or_fail_otherwise(tail, number_of_frames):
    for value in (tail, item(b"") + tail, item(b"\x00" * 8) + item(b"\xff\xd8") + tail):
        with suppress(UnreadableInstance):
            spans(value, number_of_frames)


@given(st.text(max_size=80))
def test_no_accept_header_breaks_the_reader(header):
    assert all(item.quality > 0 for item in parse_accept(header))


def test_a_multipart_answer_is_as_long_as_it_says():
    whole = Multipart("text/plain", [Part("text/plain", 3, lambda: iter((b"a", b"bc"))) for _ in range(3)])
    assert len(b"".join(whole.chunks())) == whole.length


@pytest.mark.parametrize("name", ["CT_small.dcm", "emri_small_RLE.dcm", "emri_small.dcm", "image_dfl.dcm"])
def test_a_file_cut_short_loses_only_the_frames_behind_the_cut(file, reader, name):
    (instance,) = file(name)
    path = stored_file(instance)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    answers = [
        reader.get(address(instance, "frames", str(number)), headers=AS_STORED)
        for number in range(1, instance.number_of_frames + 1)
    ]
    assert answers[-1].status_code == 500
    assert answers[-1].content.decode().rstrip().endswith(".")
    if instance.number_of_frames > 1:
        assert answers[0].status_code == 200
    for answer in answers:
        if answer.status_code == 200:
            parts_of(answer)


def test_more_frames_than_pixels_is_an_error_for_the_missing_ones(file, reader):
    (instance,) = file("emri_small.dcm")
    Instance.objects.filter(pk=instance.pk).update(number_of_frames=12)
    assert reader.get(address(instance, "frames", "10"), headers=AS_STORED).status_code == 200
    response = reader.get(address(instance, "frames", "11"), headers=AS_STORED)
    assert (response.status_code, response.content) == (500, b"The pixel data ends before frame 11 does.\n")


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"])
def test_a_damaged_codestream_is_an_error_in_words(file, reader, name):
    (instance,) = file(name)
    path = stored_file(instance)
    content = bytearray(path.read_bytes())
    start = frames._index_of(path, instance.pixel_data_offset or 0, 1).offsets[0]
    content[start : start + 64] = b"\x5a" * 64
    path.write_bytes(bytes(content))
    response = reader.get(address(instance, "frames", "1"))
    assert (response.status_code, response.content) == (500, b"The frame cannot be decoded.\n")


def test_a_frame_too_large_to_be_true_is_not_decoded(file, reader, monkeypatch):
    monkeypatch.setattr("noctis.dicomweb.decoding.LARGEST_FRAME", 1000)
    (instance,) = file("MR_small_RLE.dcm")
    response = reader.get(address(instance, "frames", "1"))
    assert response.status_code == 500
    assert b"too large" in response.content


def test_too_many_frames_are_not_decoded_at_once(file, reader):
    (instance,) = file("emri_small_RLE.dcm")
    many = ",".join(["1"] * 65)
    assert reader.get(address(instance, "frames", many)).status_code == 400
    assert len(parts_of(reader.get(address(instance, "frames", many), headers=AS_STORED))) == 65


def test_damage_is_logged_without_names(file, reader, caplog):
    (instance,) = file("CT_small.dcm")
    stored_file(instance).unlink()
    reader.get(address(instance, "frames", "1"))
    assert instance.sop_instance_uid in caplog.text
    assert "CompressedSamples" not in caplog.text
