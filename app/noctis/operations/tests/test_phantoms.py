"""The synthetic images: geometry, values and identity are what they claim, and the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from noctis.dicom.uids import is_valid_uid
from noctis.operations.phantoms import mr
from noctis.operations.phantoms.angiography import FRAMES as XA_FRAMES
from noctis.operations.phantoms.angiography import angiogram
from noctis.operations.phantoms.captures import PATCH_SIZE, PATCHES, colour_rendering, palette, palette_map
from noctis.operations.phantoms.ct import SPINE, THORAX, CtPlan, ct_series
from noctis.operations.phantoms.radiography import chest_radiograph
from noctis.operations.phantoms.stamp import read_stamp, stamp
from noctis.operations.phantoms.thorax import PROBES, Probe, hu_at
from noctis.operations.phantoms.ultrasound import FRAMES as US_FRAMES
from noctis.operations.phantoms.ultrasound import chamber_radius, ultrasound_loop

SMALL = replace(THORAX, slices=4, spacing=80.0)


def patient_coordinates(dataset: Dataset, row: float, column: float) -> np.ndarray:
    """Map a pixel to patient coordinates by PS3.3 C.7.6.2.1.1, from the attributes alone."""
    orientation = np.array([float(value) for value in dataset.ImageOrientationPatient])
    position = np.array([float(value) for value in dataset.ImagePositionPatient])
    row_spacing, column_spacing = (float(value) for value in dataset.PixelSpacing)
    return position + orientation[:3] * column_spacing * column + orientation[3:] * row_spacing * row


@pytest.mark.parametrize("plan", [SMALL, replace(SPINE, slices=2, spacing=30.0)], ids=["thorax", "spine"])
def test_a_ct_pixel_has_the_value_of_the_body_at_its_place(plan: CtPlan) -> None:
    places = [(row, column) for row in range(100, 412, 19) for column in range(100, 412, 23)]
    for dataset in ct_series(plan):
        hu = apply_modality_lut(dataset.pixel_array, dataset)
        points = np.array([patient_coordinates(dataset, row, column) for row, column in places])
        truth = hu_at(*points.T)
        assert np.abs([hu[place] for place in places] - truth).max() <= 1.0


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_probe_is_flat_even_with_noise(probe: Probe) -> None:
    plan = replace(THORAX, slices=1, first_z=probe.centre[2], noise=9.0)
    dataset = next(ct_series(plan))
    hu = apply_modality_lut(dataset.pixel_array, dataset)
    xs, ys = plan.coordinates()
    ball = (xs - probe.centre[0]) ** 2 + (ys[:, None] - probe.centre[1]) ** 2 < probe.radius**2
    assert ball.sum() > 30
    assert set(hu[ball]) == {probe.hu}


def test_ct_slices_lie_where_they_say_and_carry_their_number() -> None:
    slices = list(ct_series(SMALL))
    assert [float(dataset.ImagePositionPatient[2]) for dataset in slices] == [157.5, 77.5, -2.5, -82.5]
    assert [read_stamp(dataset.pixel_array - 1024, 100) for dataset in slices] == [1, 2, 3, 4]
    assert [float(value) for value in slices[0].ImagePositionPatient[:2]] == [-178.85, -178.85]
    assert slices[0].PixelRepresentation == 1
    assert slices[0].RescaleIntercept == -1024


def test_every_ct_slice_differs() -> None:
    pixels = [dataset.pixel_array[:440].tobytes() for dataset in ct_series(replace(THORAX, slices=12))]
    assert len(set(pixels)) == len(pixels)


def test_the_same_call_gives_the_same_bytes_and_another_plan_other_uids() -> None:
    plan = replace(SMALL, slices=1, noise=9.0)
    first, again, other = next(ct_series(plan)), next(ct_series(plan)), next(ct_series(replace(plan, noise=0.0)))
    assert first == again
    assert first.SOPInstanceUID != other.SOPInstanceUID
    assert first.StudyInstanceUID == other.StudyInstanceUID


def test_an_oblique_mr_pixel_has_the_signal_of_the_head_at_its_place() -> None:
    dataset = list(mr.mr_series(slices=3))[1]
    orientation = [float(value) for value in dataset.ImageOrientationPatient]
    assert abs(np.dot(orientation[:3], orientation[3:])) < 1e-9
    assert 0.9 < orientation[4] < 0.99
    places = [(row, column) for row in range(20, 236, 12) for column in range(20, 200, 11)]
    truth = mr.signal_at(*np.array([patient_coordinates(dataset, *place) for place in places]).T)
    assert np.abs([dataset.pixel_array[place] for place in places] - truth).max() <= 1.0


def test_ultrasound_frames_move_and_are_calibrated() -> None:
    dataset = ultrasound_loop()
    frames = dataset.pixel_array
    assert frames.shape == (US_FRAMES, 384, 512, 3)
    assert [read_stamp(frame, 128) for frame in frames] == list(range(1, US_FRAMES + 1))
    assert dataset.SequenceOfUltrasoundRegions[0].PhysicalDeltaX == 0.04
    assert chamber_radius(0) > chamber_radius(US_FRAMES // 2)
    dark = [int((frame[80:240, 256:340].max(axis=-1) < 90).sum()) for frame in (frames[0], frames[US_FRAMES // 2])]
    assert dark[0] > dark[1]


def test_subsampled_colours_decode_to_nearly_the_same_frames() -> None:
    rgb = ultrasound_loop().pixel_array
    subsampled = ultrasound_loop(photometric="YBR_FULL_422")
    assert len(subsampled.PixelData) * 3 == rgb.size * 2
    assert np.abs(subsampled.pixel_array[5].astype(int) - rgb[5]).mean() < 1.0


def test_contrast_darkens_the_angiogram_and_washes_out() -> None:
    frames = angiogram().pixel_array
    assert [read_stamp(frame, 200) for frame in frames] == list(range(1, XA_FRAMES + 1))
    brightness = [float(frame[200:400, 100:350].mean()) for frame in frames]
    assert brightness[14] < brightness[0] - 5
    assert brightness[-1] > brightness[14] + 3


def test_a_radiograph_is_monochrome1_with_bright_lungs_in_the_stored_values() -> None:
    dataset = chest_radiograph()
    assert dataset.PhotometricInterpretation == "MONOCHROME1"
    lung, spine = dataset.pixel_array[300:400, 250:350].mean(), dataset.pixel_array[300:400, 495:529].mean()
    assert lung > 1.5 * spine


def test_the_colour_patches_have_their_colours() -> None:
    pixels = colour_rendering().pixel_array
    for index, (_, colour) in enumerate(PATCHES):
        assert tuple(pixels[index * PATCH_SIZE + 8, 8]) == colour


def test_the_palette_turns_indices_into_colours() -> None:
    dataset = palette_map()
    colours = apply_color_lut(dataset.pixel_array, dataset)
    place = np.unravel_index(dataset.pixel_array.argmax(), dataset.pixel_array.shape)
    assert tuple(colours[place]) == tuple(palette()[:, 255]) == (65535, 65535, 65535)


@pytest.mark.parametrize("number", [0, 1, 7, 128, 1023])
def test_a_stamped_number_is_read_back(number: int) -> None:
    image = np.zeros((64, 64), dtype=np.int16)
    stamp(image, number, 500)
    assert read_stamp(image, 100) == number


def test_every_kind_has_valid_uids_and_a_synthetic_name() -> None:
    kinds = [next(ct_series(SMALL)), next(mr.mr_series(slices=1)), ultrasound_loop(), angiogram(), chest_radiograph()]
    for dataset in [*kinds, colour_rendering(), palette_map()]:
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            assert is_valid_uid(dataset[keyword].value)
        assert str(dataset.PatientName).startswith("Phantom^")
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
