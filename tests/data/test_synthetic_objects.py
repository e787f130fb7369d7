"""The synthetic objects are what they say: readable, decodable, named right, and broken where they should be."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from noctis.dicom.attributes import demographics
from noctis.dicom.uids import is_valid_uid
from tests.data.broken import PATH_UID, broken_objects
from tests.data.documents import FINDING, encapsulated_pdf, structured_report
from tests.data.encodings import NEAR_LOSSLESS_ERROR, encodings
from tests.data.folder import mixed_objects, write_mixed_folder
from tests.data.names import NAMED_PATIENTS, NamedPatient, named_image, named_images
from tests.data.specimen import Specimen, file_bytes

ENCODING_NAMES = (
    *("explicit-little", "implicit-little", "deflated", "explicit-big"),
    *("jpeg-ls", "jpeg-ls-colour", "jpeg-2000", "jpeg-2000-colour", "rle", "rle-colour", "jpeg-lossless", "rle-frames"),
    *("jpeg-baseline", "jpeg-baseline-colour", "jpeg-ls-near", "jpeg-2000-lossy"),
)
ROOT = Path(__file__).resolve().parents[2]


@cache
def encoded() -> dict[str, Specimen]:
    return {specimen.name: specimen for specimen in encodings()}


def reread(specimen: Specimen):
    return dcmread(BytesIO(file_bytes(specimen.dataset)))


@pytest.mark.parametrize("name", ENCODING_NAMES)
def test_an_encoded_image_decodes_to_what_it_was_made_from(name: str) -> None:
    specimen, original = encoded()[name], encoded()["explicit-little"].dataset.pixel_array
    pixels = reread(specimen).pixel_array
    if specimen.lossless and pixels.shape == original.shape:
        assert np.array_equal(pixels, original)
    elif name == "jpeg-ls-near":
        assert np.abs(pixels.astype(int) - original).max() == NEAR_LOSSLESS_ERROR
    elif name == "jpeg-2000-lossy":
        assert 0 < np.abs(pixels.astype(int) - original).mean() < 10
    else:
        assert pixels.std() > 10


def test_colour_survives_lossless_compression() -> None:
    colours = [reread(encoded()[f"{name}-colour"]).pixel_array for name in ("jpeg-ls", "jpeg-2000", "rle")]
    assert np.array_equal(colours[0], colours[1])
    assert np.array_equal(colours[1], colours[2])
    assert tuple(colours[0][8, 8]) == (255, 0, 0)


def test_every_encoding_is_another_object_in_another_file() -> None:
    assert tuple(encoded()) == ENCODING_NAMES
    assert len({specimen.dataset.SOPInstanceUID for specimen in encoded().values()}) == len(ENCODING_NAMES)
    assert len({specimen.transfer_syntax for specimen in encoded().values()}) == 11


@pytest.mark.parametrize("named", NAMED_PATIENTS, ids=lambda named: named.key)
def test_a_name_is_read_as_people_read_it(named: NamedPatient) -> None:
    patient = demographics(reread(Specimen(named.key, named_image(named, 1))))
    assert patient.name_display == named.display
    assert patient.name == named.name.rstrip("=")


def test_asian_names_have_the_bytes_of_the_standard() -> None:
    contents = {specimen.name: file_bytes(specimen.dataset) for specimen in named_images()}
    assert b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=" in contents["name-japanese"]
    assert b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=" in contents["name-korean"]
    assert b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab" in contents["name-gb18030"]
    assert b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=" in contents["name-chinese"]


def test_the_documents_hold_their_text() -> None:
    assert structured_report().ContentSequence[0].TextValue == FINDING
    pdf = encapsulated_pdf()
    assert pdf.EncapsulatedDocument[: pdf.EncapsulatedDocumentLength].endswith(b"%%EOF\n")


def test_all_sound_objects_have_valid_uids_of_their_own_and_become_files(tmp_path: Path) -> None:
    specimens = list(mixed_objects(ct_slices=2))
    uids = [str(specimen.dataset.SOPInstanceUID) for specimen in specimens]
    assert len(set(uids)) == len(uids) == len({specimen.name for specimen in specimens})
    assert all(is_valid_uid(uid) for uid in uids)
    paths = write_mixed_folder(tmp_path, ct_slices=2)
    assert [dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in paths] == uids


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_objects_are_broken() -> None:
    broken = {item.name: item.content for item in broken_objects()}
    for name in ("empty", "text"):
        with pytest.raises((InvalidDicomError, EOFError)):
            dcmread(BytesIO(broken[name]))
    assert dcmread(BytesIO(broken["path-uid"])).SOPInstanceUID == PATH_UID
    assert "StudyInstanceUID" not in dcmread(BytesIO(broken["no-study-uid"]))
    assert dcmread(BytesIO(broken["no-patient-id"])).PatientID == ""
    assert len({bytes(content) for content in broken.values()}) == len(broken)


def test_the_command_writes_both_folders(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.data", str(tmp_path), "--ct-slices", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"in {tmp_path}" in done.stdout
    assert (tmp_path / "sound" / "ct-2-0001.dcm").is_file()
    assert (tmp_path / "broken" / "00-sound.dcm").is_file()
