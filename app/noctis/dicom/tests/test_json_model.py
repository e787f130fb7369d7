"""DICOM JSON of sound and of broken data sets."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread, read_dataset

from noctis.dicom.json_model import to_dicom_json


def test_values_take_the_form_of_annex_f() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = "Phantom^Ada=幻影^爱达"
    dataset.Rows = 512
    dataset.PixelSpacing = ["0.7", "0.7"]
    dataset.AccessionNumber = None
    dataset.FrameIncrementPointer = 0x00181063
    result = to_dicom_json(dataset)
    assert result.problems == []
    assert result.model == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080050": {"vr": "SH"},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Phantom^Ada", "Ideographic": "幻影^爱达"}]},
        "00280009": {"vr": "AT", "Value": ["00181063"]},
        "00280010": {"vr": "US", "Value": [512]},
        "00280030": {"vr": "DS", "Value": [0.7, 0.7]},
    }


def test_no_escape_sequence_is_left_in_a_name() -> None:
    raw = b"\x08\x00\x05\x00CS\x10\x00\\ISO 2022 IR 58 " + b"\x10\x00\x10\x00PN\x08\x00=\x1b$)A\xd5\xc5 "
    model = to_dicom_json(read_dataset(BytesIO(raw), False, True)).model
    assert model["00100010"] == {"vr": "PN", "Value": [{"Ideographic": "张"}]}


def test_a_sequence_nests_and_its_bulk_data_is_named_by_path() -> None:
    item = Dataset()
    item.WaveformData = bytes(5000)
    dataset = Dataset()
    dataset.WaveformSequence = [item]
    dataset.BitsAllocated = 16
    dataset.PixelData = bytes(2000)
    model = to_dicom_json(dataset, lambda path: f"bulkdata/{path}").model
    assert model["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulkdata/7FE00010"}
    expected = {"54001010": {"vr": "OW", "BulkDataURI": "bulkdata/54000100/0/54001010"}}
    assert model["54000100"] == {"vr": "SQ", "Value": [expected]}


def test_numbers_that_json_lacks_are_reported() -> None:
    dataset = Dataset()
    dataset.RecommendedDisplayFrameRateInFloat = float("nan")
    result = to_dicom_json(dataset)
    assert result.model == {"00089459": {"vr": "FL"}}
    assert len(result.problems) == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_number_that_is_none_is_quoted_and_reported() -> None:
    raw = b"\x20\x00\x13\x00IS\x02\x001A" + b"\x18\x00\x50\x00DS\x04\x001.5x"
    result = to_dicom_json(read_dataset(BytesIO(raw), False, True))
    assert result.model == {"00200013": {"vr": "IS", "Value": ["1A"]}, "00180050": {"vr": "DS", "Value": ["1.5x"]}}
    assert len(result.problems) == 2


def test_a_value_of_the_wrong_length_is_left_out_and_reported() -> None:
    result = to_dicom_json(read_dataset(BytesIO(b"\x28\x00\x10\x00US\x03\x00\x01\x02\x03"), False, True))
    assert result.model == {"00280010": {"vr": "US"}}
    assert len(result.problems) == 1


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "badVR.dcm", "MR_small_implicit.dcm", "test-SR.dcm", "UN_sequence.dcm"]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_files_that_pydicom_ships_become_json(name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    dataset = dcmread(path, force=True)
    model = to_dicom_json(dataset, lambda path: path).model
    assert json.loads(json.dumps(model, allow_nan=False)) == model
    assert all(isinstance(value, dict) and len(str(value["vr"])) == 2 for value in model.values())


VRS = ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "PN", "SH", "SL", "SS", "TM", "UI", "US", "XX")


@given(st.sampled_from(VRS), st.binary(max_size=30))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_bytes_make_the_conversion_fail(vr: str, value: bytes) -> None:
    raw = b"\x09\x00\x10\x10" + vr.encode() + len(value).to_bytes(2, "little") + value
    result = to_dicom_json(read_dataset(BytesIO(raw), False, True))
    json.dumps(result.model, allow_nan=False)
