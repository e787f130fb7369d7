"""Metadata: the DICOM JSON model of real files, made once, never stale."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from django.conf import settings
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from noctis.archive.models import Series
from noctis.archive.tests.factories import image
from noctis.dicom.uids import uid_from_name
from noctis.dicomweb.derived_files import series_folder
from noctis.dicomweb.tests.conftest import address, body_of, completed, series_address, stored_data_set
from tests.data.documents import encapsulated_pdf, structured_report
from tests.data.names import named_images
from tests.data.phantoms import THORAX, angiogram, ct_series, palette_map, ultrasound_loop

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

NOT_COMPARED = {"SpecificCharacterSet", "AvailableTransferSyntaxUID"}


def part10(dataset: Dataset) -> Dataset:
    """Return ``dataset`` with the file meta information of explicit little endian."""
    dataset.file_meta = structured_report().file_meta
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def loaded(client, model: dict[str, object]) -> Dataset:
    """Return the data set that a client makes of DICOM JSON; bulk data is fetched from where the model says."""

    def fetch(tag: str, vr: str, uri: str) -> bytes:
        response = client.get(uri, headers={"accept": "application/octet-stream; transfer-syntax=*"})
        assert response.status_code == 200, uri
        return body_of(response)

    return Dataset.from_json(model, bulk_data_uri_handler=fetch)


def assert_same(ours: Dataset, theirs: Dataset) -> None:
    """Compare two data sets value for value; JSON knows neither padding nor trailing empty name groups."""
    for element in theirs:
        if element.keyword in NOT_COMPARED or element.tag.element == 0 or element.tag.group == 0xFFFC:
            continue
        got = ours[element.tag]
        if element.VR == "SQ":
            for our_item, their_item in zip(got.value, element.value, strict=True):
                assert_same(our_item, their_item)
        elif element.VR == "PN":
            expected = str(element.value).rstrip("^=")
            assert "\x1b" in expected or str(got.value).rstrip("^=") == expected  # pydicom does not know every escape
        elif isinstance(element.value, bytes):
            assert bytes(got.value or b"").rstrip(b"\0") == element.value.rstrip(b"\0"), element.tag
        else:
            assert (got.value or None) == (element.value or None), element


def specimens() -> list[Dataset]:
    objects = [*ct_series(replace(THORAX, slices=1)), angiogram(), ultrasound_loop(), palette_map()]
    return [*objects, structured_report(), encapsulated_pdf(), *(named.dataset for named in named_images())]


def test_metadata_gives_back_the_data_set(file, reader):
    for instance in file(*specimens()):
        (model,) = reader.get(address(instance, "metadata")).json()
        stored = stored_data_set(instance)
        assert_same(loaded(reader, model), stored)
        assert list(model) == sorted(model)


@pytest.mark.parametrize(
    "name",
    [
        *("CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "waveform_ecg.dcm", "image_dfl.dcm"),
        *("rtplan.dcm", "test-SR.dcm", "liver.dcm", "eCT_Supplemental.dcm", "examples_overlay.dcm"),
    ],
)
def test_metadata_of_real_files_gives_back_the_data_set(file, reader, name):
    (instance,) = file(name)
    (model,) = reader.get(address(instance, "metadata")).json()
    stored = stored_data_set(instance)
    if not stored.original_encoding[1]:
        pixels = stored["PixelData"]
        pixels.value = bytes(b for pair in zip(pixels.value[1::2], pixels.value[::2], strict=True) for b in pair)
    assert_same(loaded(reader, model), stored)


def test_tables_of_big_endian_files_come_in_little_endian(file, reader):
    tables = []
    for name in ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"):
        dataset = completed(name)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid_from_name(name))
        (instance,) = file(dataset)
        (model,) = reader.get(address(instance, "metadata")).json()
        tables.append(loaded(reader, model).RedPaletteColorLookupTableData)
    assert tables[0] == tables[1]
    assert any(tables[0])


@pytest.mark.parametrize(
    "name", ["badVR.dcm", "explicit_VR-UN.dcm", "nested_priv_SQ.dcm", "rtdose.dcm", "UN_sequence.dcm"]
)
def test_metadata_of_odd_files_is_still_json(file, reader, name):
    (instance,) = file(completed(name))
    response = reader.get(address(instance, "metadata"))
    assert response.status_code == 200
    (model,) = json.loads(response.content)
    assert model["00080018"]["Value"] == [instance.sop_instance_uid]
    assert all(set(attribute) <= {"vr", "Value", "InlineBinary", "BulkDataURI"} for attribute in model.values())


def test_invalid_values_do_not_break_a_series(file, reader, tmp_path):
    broken = tmp_path / "broken.dcm"
    part10(image(instance=2, ExposureTime="12345678")).save_as(broken, enforce_file_format=True)
    broken.write_bytes(broken.read_bytes().replace(b"IS\x08\x0012345678", b"IS\x08\x00about 5 "))
    instances = file(part10(image(instance=1)), broken)
    models = reader.get(series_address(instances[0].series, "metadata")).json()
    assert models[1]["00181150"] == {"vr": "IS", "Value": ["about 5"]}


def test_what_is_large_is_named_by_address(file, reader):
    (instance,) = file("CT_small.dcm")
    (model,) = reader.get(address(instance, "metadata")).json()
    assert model["7FE00010"] == {"vr": "OW", "BulkDataURI": address(instance, "bulkdata", "7FE00010")}
    (compressed,) = file("MR_small_RLE.dcm")
    (model,) = reader.get(address(compressed, "metadata")).json()
    assert model["7FE00010"]["vr"] == "OB"
    assert model["00083002"]["Value"] == ["1.2.840.10008.1.2.5"]


def test_a_series_comes_in_the_order_of_its_numbers_from_one_gzip_file(file, reader):
    instances = file(*(part10(image(instance=number)) for number in (3, 1, 2)))
    response = reader.get(series_address(instances[0].series, "metadata"), headers={"accept-encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert response["Content-Type"] == "application/dicom+json"
    models = json.loads(gzip.decompress(response.content))
    assert [model["00200013"]["Value"] for model in models] == [[1], [2], [3]]
    (kept,) = series_folder(instances[0].series).glob("metadata-*")
    assert kept.read_bytes() == response.content
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_client_without_gzip_gets_plain_json(file, reader):
    (instance,) = file("CT_small.dcm")
    response = reader.get(series_address(instance.series, "metadata"))
    assert "Content-Encoding" not in response
    assert "Accept-Encoding" in response["Vary"]
    assert len(response.json()) == 1


def test_the_file_is_made_once(file, reader, monkeypatch):
    (instance,) = file("CT_small.dcm")
    first = reader.get(series_address(instance.series, "metadata")).content
    monkeypatch.setattr("noctis.dicomweb.metadata.instance_metadata", lambda _: pytest.fail("made again"))
    assert reader.get(series_address(instance.series, "metadata")).content == first


def test_an_instance_more_is_seen_at_once(file, reader):
    (first,) = file(part10(image(instance=1)))
    target = series_address(first.series, "metadata")
    before = reader.get(target)
    file(part10(image(instance=2)))
    after = reader.get(target, headers={"if-none-match": before["ETag"]})
    assert (after.status_code, len(after.json())) == (200, 2)
    assert after["ETag"] != before["ETag"]


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_what_the_browser_has_is_not_sent_again(file, reader, level, django_assert_max_num_queries):
    (instance,) = file("CT_small.dcm")
    target = {
        "study": f"/dicom-web/studies/{instance.series.study.study_instance_uid}/metadata",
        "series": series_address(instance.series, "metadata"),
        "instance": address(instance, "metadata"),
    }[level]
    response = reader.get(target)
    assert response["Cache-Control"] == "private, no-cache"
    with django_assert_max_num_queries(4):
        again = reader.get(target, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "private, no-cache"


def test_a_study_is_the_sum_of_its_series(file, reader):
    instances = file(*(part10(image(series=number, instance=number)) for number in (1, 2)))
    study = instances[0].series.study
    target = f"/dicom-web/studies/{study.study_instance_uid}/metadata"
    models = reader.get(target).json()
    assert [model["0020000E"]["Value"] for model in models] == [[i.series.series_instance_uid] for i in instances]
    packed = reader.get(target, headers={"accept-encoding": "gzip"})
    assert json.loads(gzip.decompress(packed.content)) == models


def test_a_missing_file_spoils_neither_its_series_nor_the_cache(file, reader):
    instances = file(part10(image(instance=1)), part10(image(instance=2)))
    lost = settings.NOCTIS_DATA.storage / instances[1].path
    content = lost.read_bytes()
    lost.unlink()
    assert reader.get(address(instances[1], "metadata")).status_code == 500
    target = series_address(instances[0].series, "metadata")
    models = reader.get(target).json()
    assert models[1]["00080018"]["Value"] == [instances[1].sop_instance_uid]
    assert "00280010" not in models[1]
    lost.write_bytes(content)
    assert "00280010" in reader.get(target).json()[1]


def test_a_full_disk_does_not_keep_metadata_from_the_reader(file, reader, monkeypatch):
    (instance,) = file("CT_small.dcm")

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("noctis.dicomweb.metadata.write_derived", full)
    assert reader.get(series_address(instance.series, "metadata")).status_code == 200


def test_a_series_costs_three_queries_once_it_is_prepared(file, reader, django_assert_num_queries):
    file("CT_small.dcm")
    target = series_address(Series.objects.select_related("study").get(), "metadata")
    reader.get(target)
    with django_assert_num_queries(3):
        reader.get(target)
