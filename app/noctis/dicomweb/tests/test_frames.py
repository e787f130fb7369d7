"""Every frame of every image that pydicom ships, byte for byte and pixel for pixel as pydicom reads it."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless

from noctis.archive.models import Instance
from noctis.dicom.transfer_syntaxes import transfer_syntax
from noctis.dicom.uids import is_valid_uid
from noctis.dicomweb.tests.conftest import File, address, completed, parts_of, sample_files, stored_data_set
from tests.data.encodings import encodings
from tests.data.phantoms import angiogram

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

AS_STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
NATIVE = 'multipart/related; type="application/octet-stream"'
LARGEST_SAMPLE = 1_500_000
# pydicom itself cannot read the pixels of these, or the file lacks what the archive needs.
NOT_FOR_PIXELS = {
    "MR_truncated.dcm": "native pixels are missing: refused at the door",
    "JPEG2000-embedded-sequence-delimiter.dcm": "the delimiter within a fragment misleads pydicom's own frame reader",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "a frame is missing, see its own test",
    "JPEG-lossy.dcm": "12-bit JPEG, which no installed decoder takes",
    "JPGExtended.dcm": "12-bit JPEG, see its own test",
    "badVR.dcm": "its number of frames is none",
    "bad_sequence.dcm": "no DICOM file at all: refused at the door",
    "OT-PAL-8-face.dcm": "no DICOM file at all: refused at the door",
}


def images(*, encapsulated: bool = False) -> list[str]:
    """Return the samples with pixels; of equal ones that differ only in size the large are left out."""
    names = []
    for name, path in sample_files().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path, stop_before_pixels=True, force=True)
        if "Rows" not in dataset or path.stat().st_size > LARGEST_SAMPLE or name in NOT_FOR_PIXELS:
            continue
        if not encapsulated or transfer_syntax(dataset.file_meta.TransferSyntaxUID).encapsulated:
            names.append(name)
    return names


def stored(file: File, name: str) -> Instance:
    """Store a sample, made complete where it lacks a UID."""
    dataset = dcmread(sample_files()[name], stop_before_pixels=True)
    whole = all(is_valid_uid(str(dataset.get(f"{level}InstanceUID", ""))) for level in ("Study", "Series", "SOP"))
    return file(name if whole else completed(name))[0]


def raw_frames(instance: Instance) -> np.ndarray:
    """Return all frames as pydicom reads them: (frames, rows, columns[, samples]), colour space untouched."""
    dataset = stored_data_set(instance)
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    frames = [decoder.as_array(dataset, index=i, raw=True)[0] for i in range(instance.number_of_frames)]
    return np.stack(frames)


def as_native(instance: Instance, pixels: bytes) -> np.ndarray:
    """Read ``pixels`` as one native frame with the attributes that the metadata give."""
    options = dict(as_pixel_options(stored_data_set(instance)))
    options |= {"number_of_frames": 1, "pixel_keyword": "PixelData"}
    if transfer_syntax(instance.transfer_syntax_uid).encapsulated and options["samples_per_pixel"] == 3:
        options["photometric_interpretation"] = "RGB"  # decoding undid the subsampling
    return get_decoder(ExplicitVRLittleEndian).as_array(pixels + bytes(len(pixels) % 2), raw=True, **options)[0]


@pytest.mark.parametrize("name", images())
def test_native_frames_hold_the_pixels_that_pydicom_reads(file, reader, name):
    instance = stored(file, name)
    expected = raw_frames(instance)
    for number in range(1, instance.number_of_frames + 1):
        response = reader.get(address(instance, "frames", str(number)), headers={"accept": NATIVE})
        assert response.status_code == 200, response.content
        ((content_type, pixels),) = parts_of(response)
        assert content_type == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
        np.testing.assert_array_equal(as_native(instance, pixels), expected[number - 1])


@pytest.mark.parametrize("name", images(encapsulated=True))
def test_stored_frames_are_sent_unchanged_and_named(file, reader, name):
    instance = stored(file, name)
    syntax = transfer_syntax(instance.transfer_syntax_uid)
    value = stored_data_set(instance).PixelData
    numbers = range(1, instance.number_of_frames + 1)
    response = reader.get(address(instance, "frames", ",".join(map(str, numbers))), headers={"accept": AS_STORED})
    parts = parts_of(response)
    expected = list(generate_frames(value, number_of_frames=instance.number_of_frames))
    assert [frame for _, frame in parts] == expected
    assert {name for name, _ in parts} == {f"{syntax.frame_media_type}; transfer-syntax={syntax.uid}"}


def test_every_encoding_of_the_phantom_is_sent_as_stored_and_decoded(file, reader):
    specimens = list(encodings())
    instances = file(*(specimen.dataset for specimen in specimens))
    for specimen, instance in zip(specimens, instances, strict=True):
        ((_, native),) = parts_of(reader.get(address(instance, "frames", "1"), headers={"accept": NATIVE}))
        expected = raw_frames(instance)[0]
        np.testing.assert_array_equal(as_native(instance, native), expected, err_msg=specimen.name)
        ((content_type, _),) = parts_of(reader.get(address(instance, "frames", "1"), headers={"accept": AS_STORED}))
        assert content_type.startswith(transfer_syntax(specimen.transfer_syntax).frame_media_type), specimen.name


def multi_fragment(kind: str):
    """Return a multi-frame object whose frames are told apart in one way only."""
    dataset = angiogram()
    size = dataset.Rows * dataset.Columns
    frames = [bytes(dataset.PixelData[i * size : (i + 1) * size]) for i in range(3)]
    dataset.NumberOfFrames = 3
    dataset.PixelData = b"".join(frames)
    dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    encoded = list(generate_frames(dataset.PixelData, number_of_frames=3))
    if kind == "extended offset table":
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(
            encoded
        )
    else:
        per_frame = 1 if kind == "one fragment each" else 4
        dataset.PixelData = encapsulate(encoded, fragments_per_frame=per_frame, has_bot=kind == "basic offset table")
    if kind == "wrong offset table":
        value = encapsulate(encoded, fragments_per_frame=1, has_bot=True)
        dataset.PixelData = value[:12] + b"\x07\x00\x00\x00" + value[16:]
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset, encoded


@pytest.mark.parametrize(
    "kind",
    ["basic offset table", "extended offset table", "one fragment each", "frame starts", "wrong offset table"],
)
def test_frames_in_several_fragments_are_put_together(file, reader, kind):
    dataset, encoded = multi_fragment(kind)
    (instance,) = file(dataset)
    for number in (3, 1, 2):  # not in order: each is found on its own
        ((_, frame),) = parts_of(reader.get(address(instance, "frames", str(number)), headers={"accept": AS_STORED}))
        assert frame.rstrip(b"\0") == encoded[number - 1].rstrip(b"\0")


def test_one_bit_frames_that_begin_within_a_byte_are_aligned(file, reader):
    dataset = dcmread(sample_files()["liver.dcm"])
    bits = np.random.default_rng(5).integers(0, 2, (3, 3, 5), dtype=np.uint8)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 3, 5, 3
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    (instance,) = file(dataset)
    parts = parts_of(reader.get(address(instance, "frames", "1,2,3"), headers={"accept": NATIVE}))
    for (_, frame), expected in zip(parts, bits, strict=True):
        got = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
        np.testing.assert_array_equal(got[:15].reshape(3, 5), expected)
        assert not got[15:].any()


def test_what_cannot_be_decoded_is_still_sent_as_stored(file, reader):
    (instance,) = file("JPGExtended.dcm")
    response = reader.get(address(instance, "frames", "1"), headers={"accept": NATIVE})
    assert (response.status_code, response.content) == (500, b"The frame cannot be decoded.\n")
    assert response["Cache-Control"] == "private, no-store"
    assert reader.get(address(instance, "frames", "1"), headers={"accept": AS_STORED}).status_code == 200


def test_neighbouring_frames_differ(file, reader):
    (instance,) = file("emri_small.dcm")
    parts = parts_of(reader.get(address(instance, "frames", "1,2,3"), headers={"accept": NATIVE}))
    assert all(before != after for before, after in pairwise(frame for _, frame in parts))


@pytest.mark.parametrize("frames", ["0", "2", "1,2", "999999999"])
def test_a_frame_that_is_not_there_is_not_found(file, reader, frames):
    (instance,) = file("CT_small.dcm")
    response = reader.get(address(instance, "frames", frames), headers={"accept": NATIVE})
    assert response.status_code == 404
    assert b"this instance has 1" in response.content


@pytest.mark.parametrize("frames", ["", "x", "1,", "-1", "1-3", "1.5", "9999999999", "\u0661"])
def test_a_frame_list_that_cannot_be_read_is_refused(file, reader, frames):
    (instance,) = file("CT_small.dcm")
    assert reader.get(address(instance, "frames", frames)).status_code in {400, 404}


@pytest.mark.parametrize("name", ["test-SR.dcm", "rtplan.dcm"])
def test_an_object_without_pixels_has_no_frames(file, reader, name):
    (instance,) = file(name)
    response = reader.get(address(instance, "frames", "1"))
    assert (response.status_code, response.content) == (404, b"This instance holds no frames.\n")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
        ("*/*", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
        (AS_STORED, "image/jp2; transfer-syntax=1.2.840.10008.1.2.4.90"),
        ('multipart/related; type="image/jp2"', "image/jp2; transfer-syntax=1.2.840.10008.1.2.4.90"),
        ("multipart/related; type=image/jp2; transfer-syntax=1.2.840.10008.1.2.4.90", "image/jp2; transfer-syntax="),
        ("multipart/related; type=image/*; transfer-syntax=*", "image/jp2; transfer-syntax="),
        (f"multipart/related; type=image/jpeg, {NATIVE}; q=0.5", "application/octet-stream; transfer-syntax="),
        (f"{NATIVE}; q=0.1, multipart/related; type=image/jp2", "image/jp2; transfer-syntax="),
    ],
)
def test_the_client_chooses_the_form_of_a_frame(file, reader, accept, expected):
    (instance,) = file("MR_small_jp2klossless.dcm")
    response = reader.get(address(instance, "frames", "1"), headers={"accept": accept} if accept else {})
    assert response.status_code == 200
    ((content_type, _),) = parts_of(response)
    assert content_type.startswith(expected)
    assert f'type="{expected.partition(";")[0]}"' in response["Content-Type"]


@pytest.mark.parametrize(
    "accept",
    [
        "multipart/related; type=image/jpeg",
        "multipart/related; type=image/jp2; transfer-syntax=1.2.840.10008.1.2.4.91",
        "multipart/related; type=application/octet-stream; transfer-syntax=1.2.840.10008.1.2.2",
        "application/dicom+json",
        "image/jp2; q=0",
        "text/html",
        "nonsense",
    ],
)
def test_a_form_that_cannot_be_made_is_not_acceptable(file, reader, accept):
    (instance,) = file("MR_small_jp2klossless.dcm")
    response = reader.get(address(instance, "frames", "1"), headers={"accept": accept})
    assert response.status_code == 406
    assert b"transfer-syntax=*" in response.content


def test_a_single_frame_can_be_had_without_multipart(file, reader):
    (instance,) = file("MR_small_jp2klossless.dcm")
    response = reader.get(address(instance, "frames", "1"), headers={"accept": "image/jp2"})
    assert response["Content-Type"] == "image/jp2; transfer-syntax=1.2.840.10008.1.2.4.90"
    assert response.content == get_frame(stored_data_set(instance).PixelData, 0, number_of_frames=1)


def test_a_video_is_one_stream_and_is_never_decoded(file, reader):
    dataset = angiogram()
    stream = bytes(range(256)) * 40
    dataset.PixelData = encapsulate([stream[:6000], stream[6000:]], has_bot=False)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.102")
    (instance,) = file(dataset)
    for accept in ("*/*", AS_STORED, "multipart/related; type=video/*; transfer-syntax=*"):
        parts = parts_of(reader.get(address(instance, "frames", "1"), headers={"accept": accept}))
        assert parts == [("video/mp4; transfer-syntax=1.2.840.10008.1.2.4.102", stream)]
    assert reader.get(address(instance, "frames", "1"), headers={"accept": NATIVE}).status_code == 406
    assert reader.get(address(instance, "frames", "2")).status_code == 404


def test_frames_may_be_kept_by_this_user_only(file, reader):
    (instance,) = file("CT_small.dcm")
    response = reader.get(address(instance, "frames", "1"))
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    assert {"Accept", "Cookie"} <= set(response["Vary"].split(", "))


def test_a_frame_costs_three_queries_and_no_header_is_read(file, reader, django_assert_num_queries, monkeypatch):
    (instance,) = file("emri_small_RLE.dcm")

    def fail(*args, **kwargs):
        raise AssertionError("a header was parsed")

    monkeypatch.setattr("noctis.dicomweb.data_sets.dcmread", fail)
    with django_assert_num_queries(3):  # session, user, instance
        response = reader.get(address(instance, "frames", "7"), headers={"accept": AS_STORED})
    assert response.status_code == 200


def test_head_gives_the_length_without_the_frame(file, reader):
    (instance,) = file("CT_small.dcm")
    whole = reader.get(address(instance, "frames", "1"))
    head = reader.head(address(instance, "frames", "1"))
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == whole["Content-Length"]
