"""Whole instances and bulk data: the bytes that were received."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.conf import settings
from pydicom import dcmread
from pydicom.encaps import generate_frames

from noctis.dicomweb import responses
from noctis.dicomweb.tests.conftest import address, body_of, parts_of, sample_files, series_address, stored_data_set
from tests.data.documents import encapsulated_pdf, structured_report

pytestmark = pytest.mark.django_db

BIG_ENDIAN = "1.2.840.10008.1.2.2"
OCTETS = {"accept": "application/octet-stream"}


@pytest.mark.parametrize("accept", ["*/*", "multipart/related; type=application/dicom; transfer-syntax=*"])
@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "test-SR.dcm"])
def test_an_instance_is_sent_byte_for_byte(file, reader, name, accept):
    (instance,) = file(name)
    response = reader.get(address(instance), headers={"accept": accept})
    assert 'type="application/dicom"' in response["Content-Type"]
    ((content_type, body),) = parts_of(response)
    assert content_type == f"application/dicom; transfer-syntax={instance.transfer_syntax_uid}"
    assert body == sample_files()[name].read_bytes()


def test_an_instance_can_be_had_without_multipart(file, reader):
    (instance,) = file("CT_small.dcm")
    response = reader.get(address(instance), headers={"accept": "application/dicom"})
    assert response["Content-Type"].startswith("application/dicom;")
    assert response["Cache-Control"] == "private, no-cache"  # it may be corrected
    assert body_of(response) == sample_files()["CT_small.dcm"].read_bytes()


def test_a_study_and_a_series_are_sent_whole(file, reader):
    names = ("CT_small.dcm", "MR_small.dcm")
    ct, mr = file(*names)
    second = dcmread(sample_files()["CT_small.dcm"])
    second.SOPInstanceUID, second.InstanceNumber = f"{second.SOPInstanceUID}.2", 99
    second.file_meta.MediaStorageSOPInstanceUID = second.SOPInstanceUID
    file(second)

    series = reader.get(series_address(ct.series))
    assert series["Content-Type"].startswith('multipart/related; type="application/dicom"')
    assert series["Cache-Control"] == "private, no-cache"
    parts = parts_of(series)
    assert [content_type for content_type, _ in parts] == [
        f"application/dicom; transfer-syntax={ct.transfer_syntax_uid}"
    ] * 2
    assert parts[0][1] == sample_files()["CT_small.dcm"].read_bytes()
    assert dcmread(BytesIO(parts[1][1])).InstanceNumber == 99

    study = f"/dicom-web/studies/{mr.series.study.study_instance_uid}"
    assert [body for _, body in parts_of(reader.get(study))] == [sample_files()["MR_small.dcm"].read_bytes()]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ('multipart/related; type="application/dicom"', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1', 200),
        (f'multipart/related; type="application/dicom"; transfer-syntax={BIG_ENDIAN}', 406),
        ("application/dicom", 406),
        ("application/zip", 406),
    ],
)
def test_a_series_comes_in_parts_and_as_it_is_stored(file, reader, accept, status):
    (instance,) = file("CT_small.dcm")
    response = reader.get(series_address(instance.series), headers={"accept": accept})
    body_of(response)
    assert response.status_code == status


def test_a_series_with_a_missing_file_is_refused_before_anything_is_sent(file, reader):
    (instance,) = file("CT_small.dcm")
    (settings.NOCTIS_DATA.storage / instance.path).unlink()
    response = reader.get(series_address(instance.series))
    assert (response.status_code, response.content) == (500, b"A stored file cannot be opened.\n")


def test_nginx_sends_the_file_where_it_is_in_front(file, reader, settings):
    settings.NOCTIS_ACCEL_PREFIX = "/internal-storage/"
    (instance,) = file("CT_small.dcm")
    response = reader.get(address(instance), headers={"accept": "application/dicom"})
    assert response["X-Accel-Redirect"] == f"/internal-storage/storage/{instance.path}"
    assert response["Content-Type"].startswith("application/dicom")
    assert response.content == b""


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (f"application/dicom; transfer-syntax={BIG_ENDIAN}", 200),
        (f"multipart/related; type=application/dicom; transfer-syntax={BIG_ENDIAN}", 200),
        ("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", 406),
        ("image/jpeg", 406),
        ("application/dicom+json", 406),
    ],
)
def test_objects_are_never_transcoded(file, reader, accept, status):
    (instance,) = file("MR_small_bigendian.dcm")
    response = reader.get(address(instance), headers={"accept": accept})
    body_of(response)
    assert response.status_code == status


def test_a_large_instance_is_streamed_and_its_file_closed(file, reader, monkeypatch):
    monkeypatch.setattr(responses, "SENT_AT_ONCE", 1000)
    (instance,) = file("CT_small.dcm")
    response = reader.get(address(instance))
    assert response.streaming
    ((_, body),) = parts_of(response)
    assert body == sample_files()["CT_small.dcm"].read_bytes()
    head = reader.head(address(instance))
    assert (head.content, head["Content-Length"]) == (b"", response["Content-Length"])


def test_a_missing_file_is_an_error_in_words(file, reader):
    (instance,) = file("CT_small.dcm")
    (settings.NOCTIS_DATA.storage / instance.path).unlink()
    for rest in ((), ("frames", "1"), ("metadata",)):
        for accept in ("application/dicom", "*/*"):
            response = reader.get(address(instance, *rest), headers={"accept": accept})
            if response.status_code != 406:
                assert response.status_code == 500
                assert b"stored file of this instance" in response.content or b"cannot be opened" in response.content


def test_a_document_is_bulk_data(file, reader):
    dataset = encapsulated_pdf()
    dataset.EncapsulatedDocument = bytes(range(256)) * 8
    (instance,) = file(dataset)
    (model,) = reader.get(address(instance, "metadata")).json()
    response = reader.get(model["00420011"]["BulkDataURI"], headers=OCTETS)
    assert response["Content-Type"] == "application/octet-stream"
    assert response.content == dataset.EncapsulatedDocument
    parts = parts_of(
        reader.get(
            model["00420011"]["BulkDataURI"], headers={"accept": "multipart/related; type=application/octet-stream"}
        )
    )
    assert parts == [("application/octet-stream", dataset.EncapsulatedDocument)]


def test_bulk_data_within_sequences_is_found(file, reader):
    (instance,) = file("waveform_ecg.dcm")
    stored = stored_data_set(instance)
    response = reader.get(address(instance, "bulkdata", "54000100/1/54001010"), headers=OCTETS)
    assert response.content == stored.WaveformSequence[1].WaveformData


@pytest.mark.parametrize("name", ["CT_small.dcm", "image_dfl.dcm"])
def test_native_pixel_data_is_one_value(file, reader, name):
    (instance,) = file(name)
    response = reader.get(address(instance, "bulkdata", "7FE00010"), headers=OCTETS)
    assert response.content == stored_data_set(instance).PixelData


def test_compressed_pixel_data_comes_as_its_frames(file, reader):
    (instance,) = file("emri_small_RLE.dcm")
    accept = {"accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
    parts = parts_of(reader.get(address(instance, "bulkdata", "7FE00010"), headers=accept))
    expected = list(generate_frames(dcmread(sample_files()["emri_small_RLE.dcm"]).PixelData, number_of_frames=10))
    assert [frame for _, frame in parts] == expected


@pytest.mark.parametrize(
    "path", ["00100010", "00420011", "54000100/0/54001010", "00400275/0/00080050", "00080018/0/00080018", "FFFFFFFF"]
)
def test_what_is_no_bulk_data_is_not_found(file, reader, path):
    (instance,) = file(structured_report())
    assert reader.get(address(instance, "bulkdata", path)).status_code == 404


@pytest.mark.parametrize("path", ["7fe00010", "../secret", "7FE00010/0", "7FE00010/x/7FE00010", "PixelData"])
def test_what_is_no_element_is_no_address(file, reader, path):
    (instance,) = file("CT_small.dcm")
    assert reader.get(address(instance, "bulkdata", path)).status_code == 404
