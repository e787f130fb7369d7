"""Every kind of stored object with a correction applied: what changes, what does not, and that it can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from noctis.archive.header import NotStorable, read_header
from noctis.archive.retrieve import StoredObject
from noctis.corrections.outgoing import corrected
from noctis.corrections.overlays import Overlay
from noctis.dicom.attributes import UNREADABLE, text
from noctis.dicomweb.tests.conftest import sample_files
from noctis.network.transcoding import transcoded

NAME = "Corrected^Ada"
STORABLE = [name for name, path in sample_files().items() if path.stat().st_size < 2_000_000]


def overlay(dataset: Dataset, **attributes: str | None) -> Overlay:
    return Overlay(text(dataset, "StudyInstanceUID"), attributes, {}, {}, {}, timezone.now())


def rewritten(path: Path, target: Path, **attributes: str | None) -> Dataset:
    header = read_header(path)
    made = corrected(path, header.data_set_offset, overlay(header.dataset, **attributes))
    assert made is not None
    content = b"".join(made.chunks())
    assert len(content) == made.length
    target.write_bytes(content)
    return dcmread(target)


def value(dataset: Dataset, tag: int) -> object:
    try:
        return dataset[tag].value
    except UNREADABLE:
        return dataset.get_item(tag).value


@pytest.mark.filterwarnings("ignore")  # some samples are odd
@pytest.mark.parametrize("name", STORABLE)
def test_only_what_is_corrected_changes_in_any_encoding(name, tmp_path):
    path = sample_files()[name]
    try:
        header = read_header(path)
    except NotStorable:
        pytest.skip("is not storable")
    before = dcmread(path)
    after = rewritten(path, tmp_path / "out.dcm", PatientName=NAME, PatientID="NEW-1")
    assert (str(after.PatientName), after.PatientID) == (NAME, "NEW-1")
    assert read_header(tmp_path / "out.dcm").transfer_syntax_uid == header.transfer_syntax_uid
    assert bytes(after.get("PixelData") or b"") == bytes(before.get("PixelData") or b"")
    originals = after.OriginalAttributesSequence[-1]
    assert originals.ReasonForTheAttributeModification == "CORRECT"
    modified = originals.ModifiedAttributesSequence[0]
    assert str(modified.PatientName or "") == str(before.get("PatientName") or "")
    untouched = {int(tag) for tag in before.keys() if tag.element != 0}  # noqa: SIM118
    for tag in untouched - {0x00100010, 0x00100020, 0x04000561}:
        assert value(before, tag) == value(after, tag), tag
    if header.transfer_syntax_uid != DeflatedExplicitVRLittleEndian and header.pixel_data_offset:
        tail = path.read_bytes()[header.pixel_data_offset :]
        assert (tmp_path / "out.dcm").read_bytes().endswith(tail)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm"])
def test_what_is_decoded_for_a_peer_is_corrected_too(name):
    path = sample_files()[name]
    header = read_header(path)
    kind = header.sop_class_uid, header.sop_instance_uid, header.transfer_syntax_uid
    stored = StoredObject(*kind, str(path), header.data_set_offset, header.file_size, header.study_instance_uid, 1)
    encoded = transcoded(stored, ImplicitVRLittleEndian, overlay(header.dataset, PatientName=NAME))
    after = dcmread(encoded, force=True)
    assert str(after.PatientName) == NAME
    assert np.array_equal(pixels_of(after), dcmread(path).pixel_array)


def pixels_of(dataset: Dataset) -> NDArray[Any]:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return dataset.pixel_array


def test_what_says_already_what_it_should_goes_out_as_it_is():
    path = sample_files()["CT_small.dcm"]
    header = read_header(path)
    said = text(header.dataset, "PatientID")
    assert corrected(path, header.data_set_offset, overlay(header.dataset, PatientID=said)) is None


def test_a_name_beyond_the_character_set_makes_the_object_utf_8(tmp_path):
    after = rewritten(sample_files()["CT_small.dcm"], tmp_path / "out.dcm", PatientName="Yamada^Tarou=山田^太郎")
    assert after.SpecificCharacterSet == "ISO_IR 192"
    assert str(after.PatientName) == "Yamada^Tarou=山田^太郎"
    assert after.Manufacturer == dcmread(sample_files()["CT_small.dcm"]).Manufacturer


def test_an_attribute_that_is_left_out_is_kept_among_the_originals(tmp_path):
    after = rewritten(sample_files()["CT_small.dcm"], tmp_path / "out.dcm", PatientAge=None)
    assert "PatientAge" not in after
    assert after.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientAge == "000Y"
