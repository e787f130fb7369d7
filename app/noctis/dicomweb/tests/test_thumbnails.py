"""Thumbnails: what they show, that they are made once and never stale, and what stands for what has no image."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from noctis.archive.models import Series
from noctis.archive.tests.factories import image
from noctis.dicomweb.derived_files import series_folder
from noctis.dicomweb.tests.conftest import address, body_of, completed, series_address
from noctis.dicomweb.tests.test_metadata import part10
from tests.data.documents import encapsulated_pdf, structured_report
from tests.data.phantoms import THORAX, chest_radiograph, colour_rendering, ct_series, palette_map, ultrasound_loop

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def picture_of(client, series: Series) -> np.ndarray:
    """Return the thumbnail of a series as an array."""
    response = client.get(series_address(series, "thumbnail"), headers={"accept": "image/*"})
    body = body_of(response)
    assert response.status_code == 200, body
    assert response["Content-Type"] in {"image/jpeg", "image/png"}
    picture = Image.open(io.BytesIO(body))
    assert max(picture.size) == 160
    return np.asarray(picture).astype(int)


def grey(values: np.ndarray, **attributes: object) -> Dataset:
    """Return a radiograph with other pixels."""
    dataset = chest_radiograph()
    for keyword in ("WindowCenter", "WindowWidth", "VOILUTFunction", "PixelPaddingValue"):
        if keyword in dataset:
            del dataset[keyword]
    dataset.Rows, dataset.Columns = values.shape
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelSpacing = [1, 1]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = values.astype("<u2").tobytes()
    return dataset


RAMP = np.tile(np.arange(160) * 10, (80, 1))


def test_the_window_of_the_image_is_used(file, reader):
    (instance,) = file(grey(RAMP, WindowCenter=800, WindowWidth=400))
    picture = picture_of(reader, instance.series)
    assert picture.shape == (80, 160)
    assert (picture[40, :55] < 20).all()
    assert (picture[40, 105:] > 235).all()
    assert abs(picture[40, 80] - 128) < 12


def test_a_look_up_table_of_words_is_used_and_its_shape_turned(file, reader):
    table = Dataset()
    table.LUTDescriptor = [1600, 0, 16]
    table.LUTData = np.where(np.arange(1600) < 800, 0, 65535).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    (instance,) = file(grey(RAMP, VOILUTSequence=[table], PresentationLUTShape="INVERSE"))
    picture = picture_of(reader, instance.series)
    assert (picture[40, :70] > 235).all()
    assert (picture[40, 90:] < 20).all()


def test_without_a_window_the_values_are_stretched(file, reader):
    (instance,) = file(grey(RAMP))
    picture = picture_of(reader, instance.series)
    assert picture[40, 2] < 15
    assert picture[40, 157] > 240


def test_a_window_beside_the_values_is_not_believed(file, reader):
    (instance,) = file(grey(RAMP, WindowCenter=50_000, WindowWidth=10))
    assert picture_of(reader, instance.series)[40, 157] > 240


def test_monochrome1_is_turned_to_white_bones(file, reader):
    (instance,) = file(grey(RAMP, PhotometricInterpretation="MONOCHROME1"))
    picture = picture_of(reader, instance.series)
    assert picture[40, 2] > 240
    assert picture[40, 157] < 15


def test_a_voi_table_is_applied(file, reader):
    table = Dataset()
    table.LUTDescriptor = [256, 0, 8]
    table.add_new(0x00283006, "US", [255 - value for value in range(256)])
    (instance,) = file(grey(np.tile(np.arange(160), (80, 1)), VOILUTSequence=[table]))
    picture = picture_of(reader, instance.series)
    assert picture[40, 2] > 240
    assert picture[40, 157] < 15


def test_rows_that_lie_further_apart_make_a_taller_picture(file, reader):
    (instance,) = file(grey(RAMP, PixelSpacing=[2, 1]))
    assert picture_of(reader, instance.series).shape == (160, 160)


def test_the_middle_image_of_a_series_is_shown(file, reader):
    objects = []
    for number, values in enumerate((RAMP * 0, RAMP, RAMP * 0), start=1):
        dataset = grey(values, InstanceNumber=number, SOPInstanceUID=f"1.2.3.{number}")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        objects.append(dataset)
    first, *_ = file(*objects)
    assert picture_of(reader, first.series).std() > 5


@pytest.mark.parametrize("make", [colour_rendering, palette_map, ultrasound_loop])
def test_colour_stays_colour(file, reader, make):
    (instance,) = file(make())
    picture = picture_of(reader, instance.series)
    assert picture.ndim == 3
    assert picture.std() > 5


@pytest.mark.parametrize(
    "name",
    [
        *("CT_small.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "JPEG-LL.dcm", "examples_ybr_color.dcm"),
        *("SC_ybr_full_422_uncompressed.dcm", "liver.dcm", "rtdose.dcm", "eCT_Supplemental.dcm", "image_dfl.dcm"),
        *("OBXXXX1A_expb.dcm", "JPEGLSNearLossless_16.dcm", "vlut_04.dcm", "mlut_18.dcm", "emri_small_big_endian.dcm"),
    ],
)
def test_real_images_make_a_picture_with_contrast(file, reader, name):
    (instance,) = file(completed(name))
    assert picture_of(reader, instance.series).std() > 5
    assert [path.suffix for path in series_folder(instance.series).glob("thumbnail-*")] == [".jpg"]


@pytest.mark.parametrize("make", [structured_report, encapsulated_pdf])
def test_what_has_no_image_gets_a_drawn_one(file, reader, make):
    (instance,) = file(make())
    assert picture_of(reader, instance.series).shape == (160, 160, 3)
    assert [path.suffix for path in series_folder(instance.series).glob("thumbnail-*")] == [".png"]


def test_an_image_that_cannot_be_decoded_gets_a_drawn_one(file, reader):
    (instance,) = file("JPGExtended.dcm")
    assert picture_of(reader, instance.series).shape == (160, 160, 3)


def test_a_study_shows_its_largest_series_with_images(file, reader):
    file(structured_report(), *ct_series(replace(THORAX, slices=2)))
    series = Series.objects.select_related("study").get(modality="CT")
    response = reader.get(f"/dicom-web/studies/{series.study.study_instance_uid}/thumbnail")
    assert response["Content-Type"] == "image/jpeg"
    assert body_of(response) == body_of(reader.get(series_address(series, "thumbnail")))


def test_a_thumbnail_is_made_once_and_asked_for_by_its_tag(file, reader, monkeypatch):
    (instance,) = file("CT_small.dcm")
    target = series_address(instance.series, "thumbnail")
    first = reader.get(target)
    content = body_of(first)
    monkeypatch.setattr("noctis.dicomweb.thumbnails.render_thumbnail", lambda _: pytest.fail("made again"))
    assert body_of(reader.get(target)) == content
    assert first["Cache-Control"] == "private, no-cache"
    assert reader.get(target, headers={"if-none-match": first["ETag"]}).status_code == 304


def test_nginx_sends_the_thumbnail_where_it_is_in_front(file, reader, settings):
    settings.NOCTIS_ACCEL_PREFIX = "/internal-storage"
    (instance,) = file("CT_small.dcm")
    response = reader.get(series_address(instance.series, "thumbnail"))
    assert response["X-Accel-Redirect"].startswith("/internal-storage/derived/series/")
    assert response["Content-Type"] == "image/jpeg"


def test_an_image_of_a_series_has_a_picture_of_its_own(file, reader):
    first, second = file(*(part10(one) for one in (image(instance=1), image(instance=2))))
    second_picture = reader.get(address(second, "thumbnail"))
    assert (second_picture["Content-Type"], second_picture["Cache-Control"]) == (
        "image/jpeg",
        "private, max-age=86400, immutable",
    )
    assert Image.open(io.BytesIO(second_picture.content)).size
    assert reader.get(address(first, "thumbnail"), headers={"accept": "text/plain"}).status_code == 406


def test_only_pictures_are_sent(file, reader):
    (instance,) = file("CT_small.dcm")
    target = series_address(instance.series, "thumbnail")
    assert reader.get(target, headers={"accept": "application/dicom+json"}).status_code == 406
    browser = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    response = reader.get(target, headers={"accept": browser})
    body_of(response)
    assert response.status_code == 200


def test_a_disk_that_refuses_the_picture_is_an_error_in_words(file, reader, monkeypatch):
    (instance,) = file("CT_small.dcm")

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("noctis.dicomweb.thumbnails.write_derived", full)
    response = reader.get(series_address(instance.series, "thumbnail"))
    assert (response.status_code, response.content) == (500, b"The thumbnail cannot be written to the disk.\n")
