"""Identifiers: which keys are understood, and what is answered."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from noctis.archive import indexer
from noctis.archive.query_attributes import Level
from noctis.archive.query_conditions import MOST_UIDS
from noctis.archive.query_identifier import LevelNotInModel, read_identifier
from noctis.archive.tests.factories import CT_IMAGE, ROOT, deliver, image, reception
from noctis.archive.tests.queries import SR, answers, as_received, item, request
from noctis.dicom.attributes import person_name_text
from noctis.dicom.matching import InvalidKey

pytestmark = pytest.mark.django_db


def test_an_answer_holds_the_keys_that_were_asked_for_and_no_others(archive):
    asked = request(
        PatientName="yamada*",
        PatientID="",
        StudyDate="",
        ModalitiesInStudy="",
        SOPClassesInStudy="",
        NumberOfStudyRelatedInstances="",
        NumberOfPatientRelatedSeries="",
        InstanceAvailability="",
        TimezoneOffsetFromUTC="",
        OtherPatientIDs="",
    )
    (answer,) = answers(asked)
    assert {element.keyword: element.value for element in answer} == {
        "SpecificCharacterSet": "ISO_IR 192",
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "NOCTIS_PACS",
        "InstanceAvailability": "ONLINE",
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "PatientID": "B*3",
        "StudyDate": None,
        "ModalitiesInStudy": "MR",
        "SOPClassesInStudy": CT_IMAGE,
        "NumberOfStudyRelatedInstances": 1,
        "NumberOfPatientRelatedSeries": 1,
        "TimezoneOffsetFromUTC": None,
    }


def test_dates_times_and_lists_are_written_as_dicom_writes_them(archive):
    asked = request(StudyInstanceUID=f"{ROOT}.2", StudyDate="", StudyTime="", TimezoneOffsetFromUTC="")
    (answer,) = answers(asked)
    assert (answer.StudyDate, answer.StudyTime, answer.TimezoneOffsetFromUTC) == ("20250101", "103000.500000", "+0100")
    (answer,) = answers(request(StudyInstanceUID=f"{ROOT}.1", ModalitiesInStudy="SR", SOPClassesInStudy=""))
    assert list(answer.ModalitiesInStudy) == ["CT", "SR"]
    assert list(answer.SOPClassesInStudy) == [CT_IMAGE, SR]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], [{"AccessionNumber": None, "ScheduledProcedureStepID": "SPS1", "RequestedProcedureID": "RP1"}]),
        ([item(ScheduledProcedureStepID="")], [{"ScheduledProcedureStepID": "SPS1"}]),
    ],
)
def test_a_sequence_is_answered_with_its_items(archive, items, expected):
    (answer,) = answers(request("SERIES", StudyInstanceUID=f"{ROOT}.2", RequestAttributesSequence=items))
    first, second = answer.RequestAttributesSequence
    assert [{element.keyword: element.value for element in first}] == expected
    assert second.ScheduledProcedureStepID == "SPS2"


def test_what_is_not_in_an_image_is_empty(archive):
    (answer,) = answers(request("IMAGE", SOPInstanceUID=f"{ROOT}.3.1.1", Rows="", NumberOfFrames="", SeriesNumber=""))
    assert (answer.Rows, answer.NumberOfFrames) == (4, 1)
    assert answer["SeriesNumber"].is_empty


@pytest.mark.parametrize(
    ("character_set", "name", "answered_in"),
    [
        ("", "Phantom^Ada", None),
        ("ISO_IR 144", "Phantom^Ada", None),
        ("", "Müller^Änne", "ISO_IR 100"),
        ("ISO_IR 144", "Müller^Änne", "ISO_IR 100"),
        ("ISO_IR 144", "Фантом^Анна", "ISO_IR 144"),
        ("ISO_IR 100", "Фантом^Анна", "ISO_IR 192"),
        ("GB18030", "Wang^XiaoDong=王^小东", "GB18030"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"]),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", ["", "ISO 2022 IR 149"]),
        (["", "ISO 2022 IR 58"], "Zhang^XiaoDong=张^小东", ["", "ISO 2022 IR 58"]),
        ("UNHEARD OF", "Müller^Änne", "ISO_IR 100"),
    ],
)
def test_an_answer_uses_the_askers_character_set_where_everything_fits(data_dir, character_set, name, answered_in):
    deliver(image(PatientName=name), reception())
    indexer.index_spool()
    (answer,) = answers(request(SpecificCharacterSet=character_set, PatientName=""))
    chosen = answer.get("SpecificCharacterSet")
    assert (list(chosen) if isinstance(answered_in, list) else chosen) == answered_in
    assert person_name_text(as_received(answer), "PatientName") == name


@pytest.mark.parametrize(
    ("level", "keys", "unsupported"),
    [
        (
            "STUDY",
            {"PatientName": "", "InstanceAvailability": "", "RetrieveAETitle": "", "SpecificCharacterSet": ""},
            "",
        ),
        ("STUDY", {"Modality": "CT"}, "Modality"),
        ("STUDY", {"OtherPatientIDs": "", "StudyDate": ""}, "OtherPatientIDs"),
        ("PATIENT", {"StudyDate": "", "TimezoneOffsetFromUTC": ""}, "StudyDate"),
        (
            "SERIES",
            {"RequestAttributesSequence": [item(RequestedProcedureDescription="")]},
            "RequestAttributesSequence",
        ),
        ("SERIES", {"ReferencedSOPSequence": [item(ReferencedSOPInstanceUID="")]}, "ReferencedSOPSequence"),
    ],
)
def test_keys_that_are_not_supported_are_named(level, keys, unsupported):
    query = read_identifier(request(level, **keys), Level)
    assert " ".join(query.unsupported) == unsupported


def test_private_keys_are_not_supported_and_group_lengths_are_no_keys():
    identifier = request()
    identifier.add_new(0x00080000, "UL", 30)
    assert not read_identifier(identifier, Level).unsupported
    identifier.private_block(0x0009, "MAKER", create=True).add_new(0x01, "LO", "x")
    assert len(read_identifier(identifier, Level).unsupported) == 2


@pytest.mark.parametrize("level", ["", "INSTANCE", "study", "PATIENT"])
def test_a_level_that_the_model_does_not_have_is_refused(level):
    with pytest.raises(LevelNotInModel):
        read_identifier(request(level), (Level.STUDY, Level.SERIES, Level.IMAGE))
    with pytest.raises(LevelNotInModel):
        read_identifier(Dataset(), Level)


@pytest.mark.filterwarnings("ignore:Invalid value")
@pytest.mark.parametrize(
    ("level", "keys", "hint"),
    [
        ("STUDY", {"StudyDate": "2024"}, "StudyDate: a date"),
        ("STUDY", {"StudyDate": "20240230"}, "StudyDate: a date"),
        ("STUDY", {"StudyTime": "99"}, "StudyTime: a time"),
        ("STUDY", {"StudyInstanceUID": "1.2.x"}, "StudyInstanceUID: a UID"),
        ("STUDY", {"PatientName": "a=b=c=d"}, "PatientName: a name"),
        ("STUDY", {"StudyInstanceUID": ["1.2"] * (MOST_UIDS + 1)}, "StudyInstanceUID: too many"),
        ("IMAGE", {"Rows": 2**16 - 1, "PatientID": ["x"] * 501}, "PatientID: too many"),
        ("SERIES", {"RequestAttributesSequence": [Dataset(), Dataset()]}, "one item"),
    ],
)
def test_a_key_that_cannot_be_understood_is_named_without_its_value(level, keys, hint):
    with pytest.raises(InvalidKey, match=hint) as refused:
        read_identifier(request(level, **keys), Level)
    assert "2024" not in str(refused.value)


@pytest.mark.parametrize("value", ["x", "1.5", "99999999999", "--1", "1-"])
def test_a_number_must_be_whole(value):
    identifier = request("SERIES")
    identifier.add_new("SeriesNumber", "LO", value)
    with pytest.raises(InvalidKey, match="SeriesNumber: a whole number"):
        read_identifier(as_received(identifier), Level)


@pytest.mark.parametrize("value", ["", "*", "+02", "2\\7"])
def test_a_number_may_be_written_in_several_ways(archive, value):
    identifier = request("SERIES", StudyInstanceUID=f"{ROOT}.1")
    identifier.add_new("SeriesNumber", "LO", value)
    assert len(answers(as_received(identifier))) == (1 if "2" in value else 2)


def test_what_should_be_a_sequence_and_is_none_is_refused():
    identifier = request("SERIES")
    identifier.add_new("RequestAttributesSequence", "LO", "RP1")
    with pytest.raises(InvalidKey, match="a sequence"):
        read_identifier(identifier, Level)
    identifier = request("SERIES")
    identifier.add_new("Modality", "SQ", [item(CodeValue="x")])
    with pytest.raises(InvalidKey, match="no sequence"):
        read_identifier(identifier, Level)
