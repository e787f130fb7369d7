"""The character set that fits what is sent."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from noctis.dicom.character_sets import declare_character_set, fitting_character_set


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        ([], ""),
        (["Phantom^Ada"], ""),
        (["Phantom", "Übung"], "ISO_IR 100"),
        (["Übung", "山田"], "ISO_IR 192"),
        (["10 €"], "ISO_IR 192"),
    ],
)
def test_latin_1_is_taken_where_it_suffices(texts, chosen):
    assert fitting_character_set(texts) == chosen


@pytest.mark.parametrize("name", ["Phantom^Ada", "Übung^Jörg", "Yamada^Tarou=山田^太郎=やまだ^たろう"])
def test_what_is_sent_is_read_as_it_was_meant(name):
    dataset, item = Dataset(), Dataset()
    item.ScheduledPerformingPhysicianName = name
    dataset.ScheduledProcedureStepSequence = [item]
    dataset.OtherPatientNames = ["Doe^Jane", name]
    declare_character_set(dataset)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, dataset)
    received = read_dataset(BytesIO(buffer.getvalue()), True, True)
    assert str(received.OtherPatientNames[1]) == name
    assert str(received.ScheduledProcedureStepSequence[0].ScheduledPerformingPhysicianName) == name


def test_chinese_is_written_with_the_escape_sequences_of_its_character_set():
    dataset = Dataset()
    dataset.PatientName, dataset.StudyDescription = "Zhang^XiaoDong=张^小东", "CT 胸部"
    dataset.PatientComments = "第一\r\nplain\r\n第二"
    declare_character_set(dataset, ["", "ISO 2022 IR 58"])
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, dataset)

    assert list(dataset.SpecificCharacterSet) == ["", "ISO 2022 IR 58"]
    escape = b"\x1b$)A"
    for written in (
        b"Zhang^XiaoDong=" + escape + "张".encode("gb2312") + b"^" + escape + "小东".encode("gb2312"),
        escape + b"CT " + "胸部".encode("gb2312"),
        escape + "第一".encode("gb2312") + b"\r\nplain\r\n" + escape + "第二".encode("gb2312"),
    ):
        assert written in buffer.getvalue()

    received, again = read_dataset(BytesIO(buffer.getvalue()), True, True), DicomBytesIO()
    again.is_little_endian, again.is_implicit_VR = True, True
    assert all(element is not None for element in received)
    write_dataset(again, received)
    assert again.getvalue() == buffer.getvalue()


def test_who_asks_in_an_extension_alone_is_answered_in_utf_8():
    dataset = Dataset()
    dataset.PatientName = "Zhang^XiaoDong=张^小东"
    declare_character_set(dataset, ["ISO 2022 IR 58"])
    assert dataset.SpecificCharacterSet == "ISO_IR 192"


def test_a_character_set_that_is_not_needed_goes():
    dataset = Dataset()
    dataset.SpecificCharacterSet, dataset.PatientName = "ISO_IR 192", "Phantom^Ada"
    declare_character_set(dataset)
    assert "SpecificCharacterSet" not in dataset
