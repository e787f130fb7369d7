"""Documents and videos in their own form, whole and in ranges; large values without reading the file whole."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from pydicom.uid import UID, ImplicitVRLittleEndian

from noctis.accounts.models import Role
from noctis.dicomweb import byte_ranges
from noctis.dicomweb.frames import Memory, StoredFile
from noctis.dicomweb.tests.conftest import address, body_of, client_of, sample_files, stored_data_set
from noctis.dicomweb.value_spans import value_span
from tests.data.documents import encapsulated_pdf, one_page_pdf
from tests.data.phantoms import CT_STUDY
from tests.data.videos import mp4, mpeg2_object, video_object

PDF = one_page_pdf("Synthetic letter")
OCTETS = {"accept": "application/octet-stream"}


def test_a_document_comes_without_its_padding_and_can_do_nothing(file, reader):
    dataset = encapsulated_pdf()
    dataset.EncapsulatedDocument, dataset.EncapsulatedDocumentLength = b"%PDF-\0", 5
    dataset.MIMETypeOfEncapsulatedDocument = "text/html"  # what the object says of itself does not count
    response = reader.get(address(file(dataset)[0], "rendered"))
    assert body_of(response) == b"%PDF-"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{dataset.SOPInstanceUID}.pdf"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("2", "text/xml"), ("3", "model/stl"), ("4", "model/obj"), ("5", "model/mtl"), ("9", "application/octet-stream")],
)
def test_each_kind_of_document_has_its_media_type(file, reader, kind, media_type):
    dataset = encapsulated_pdf()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(f"1.2.840.10008.5.1.4.1.1.104.{kind}")
    assert reader.get(address(file(dataset)[0], "rendered"))["Content-Type"] == media_type


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_a_document_comes_out_of_every_encoding(file, reader, syntax):
    dataset = encapsulated_pdf()
    dataset.file_meta.TransferSyntaxUID = syntax
    assert body_of(reader.get(address(file(dataset)[0], "rendered"))) == PDF


def test_a_video_is_its_fragments_joined(file, reader):
    (video,) = file(video_object(CT_STUDY))
    response = reader.get(address(video, "rendered"))
    assert response["Content-Type"] == "video/mp4"
    assert body_of(response).startswith(mp4())


def test_a_player_gets_the_piece_it_asks_for(file, reader):
    rendered = address(file(video_object(CT_STUDY))[0], "rendered")
    size, third = len(mp4()) + 1, len(mp4()) // 3
    for first, last in [(0, 0), (third - 5, third + 5), (1000, 2_500_000)]:
        response = reader.get(rendered, headers={"range": f"bytes={first}-{last}"})
        assert (response.status_code, body_of(response)) == (206, mp4()[first : last + 1])
        assert response["Content-Range"].split("/")[0] == f"bytes {first}-{last}"
        assert abs(int(response["Content-Range"].split("/")[1]) - size) <= 2
    everything = reader.get(rendered, headers={"range": "bytes=0-"})
    assert len(body_of(everything)) == byte_ranges.MOST_AT_ONCE


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=-5", 206, PDF[-5:]),
        ("bytes=5-", 206, PDF[5:]),
        ("bytes=5-999999", 206, PDF[5:]),
        (f"bytes={len(PDF)}-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=9-5", 200, PDF),
        ("bytes=0-1,4-5", 200, PDF),
        ("bytes=-", 200, PDF),
        ("pages=1-2", 200, PDF),
    ],
)
def test_ranges_are_understood_or_left_aside(file, reader, asked, status, body):
    response = reader.get(address(file(encapsulated_pdf())[0], "rendered"), headers={"range": asked})
    assert (response.status_code, body_of(response)) == (status, body)
    assert response["Accept-Ranges"] == "bytes"


def test_a_range_of_something_else_is_everything(file, reader):
    rendered = address(file(encapsulated_pdf())[0], "rendered")
    etag = reader.get(rendered)["ETag"]
    for condition, status in ((etag, 206), ('"other"', 200)):
        response = reader.get(rendered, headers={"range": "bytes=0-3", "if-range": condition})
        assert (response.status_code, len(body_of(response))) == (status, 4 if status == 206 else len(PDF))


def test_a_stream_without_a_container_is_called_what_it_is(file, reader):
    transport = (b"\x47" + bytes(187)) * 2
    raw = video_object(CT_STUDY, 3, content=b"\0\0\0\1\x67" + bytes(60))
    for dataset, media_type in (
        (mpeg2_object(CT_STUDY), "video/mpeg"),
        (raw, "video/h264"),
        (video_object(CT_STUDY, 4, content=transport), "video/mp2t"),
    ):
        assert reader.get(address(file(dataset)[0], "rendered"))["Content-Type"] == media_type


def test_a_document_and_a_video_are_for_their_own_facility(file):
    instances = [file(dataset, facility="NORTH")[0] for dataset in (encapsulated_pdf(), video_object(CT_STUDY, 5))]
    owner, stranger, nobody = (client_of(Role.TECHNICIAN, facility) for facility in ("NORTH", "SOUTH", ""))
    for instance in instances:
        rendered = address(instance, "rendered")
        response = owner.get(rendered)
        assert (response.status_code, "Cookie" in response["Vary"], len(body_of(response)) > 0) == (200, True, True)
        assert [client.get(rendered).status_code for client in (stranger, nobody, Client())] == [404, 404, 401]


@pytest.mark.parametrize("name", ["CT_small.dcm", "test-SR.dcm", "waveform_ecg.dcm"])
def test_what_has_no_form_of_its_own_is_refused(file, reader, name):
    assert reader.get(address(file(name)[0], "rendered")).status_code == 406


def test_the_accepted_media_type_counts(file, reader):
    rendered = address(file(encapsulated_pdf())[0], "rendered")
    assert reader.get(rendered, headers={"accept": "application/pdf"}).status_code == 200
    assert reader.get(rendered, headers={"accept": "image/jpeg"}).status_code == 406


def test_part_of_a_waveform_can_be_had(file, reader):
    (instance,) = file("waveform_ecg.dcm")
    stored = stored_data_set(instance)
    response = reader.get(
        address(instance, "bulkdata", "54000100/1/54001010"), headers=OCTETS | {"range": "bytes=100-299"}
    )
    assert (response.status_code, response.content) == (206, stored.WaveformSequence[1].WaveformData[100:300])


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("undefined", [False, True])
def test_a_value_is_found_in_the_file(file, implicit, undefined):
    dataset = encapsulated_pdf()
    waveform = stored_data_set(file("waveform_ecg.dcm")[0]).WaveformSequence
    dataset.WaveformSequence = waveform
    if implicit:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    for sequence in (dataset["WaveformSequence"], dataset["ConceptNameCodeSequence"]):
        sequence.is_undefined_length = undefined
        for item in sequence.value:
            item.is_undefined_length_sequence_item = undefined
    path = settings.NOCTIS_DATA.storage / file(dataset)[0].path
    source = StoredFile(path)
    for wanted, value in (
        ("00420011", dataset.EncapsulatedDocument),
        ("54000100/1/54001010", waveform[1].WaveformData),
    ):
        span = value_span(source, wanted)
        assert span is not None
        assert source.read(span.offset, span.length) == value
    for missing in ("54000100/2/54001010", "00420013", "00100010/0/00100010"):
        assert value_span(source, missing) is None
    source.close()


def test_a_file_in_which_nothing_is_found_is_no_error():
    for content in (b"", b"\0" * 128 + b"DICM", sample_files()["CT_small.dcm"].read_bytes()[:600]):
        assert value_span(Memory(content), "54000100/0/54001010") is None
