"""What arriving objects are flagged for, and that nothing is merged or changed because of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from noctis.archive import discrepancies, flagging, indexer
from noctis.archive.header import Header, NotStorable
from noctis.archive.ingest import receive
from noctis.archive.models import FlagReason, Instance, Patient, QuarantinedObject, Study, StudyFlag
from noctis.archive.tests.factories import ROOT, deliver, image, reception, write

pytestmark = pytest.mark.django_db(transaction=True)


def index(*datasets: Dataset, code: str = "NORTH") -> None:
    delivery = reception(code)
    for dataset in datasets:
        deliver(dataset, delivery)
    indexer.index_spool()


def flags() -> list[tuple[str, str, int]]:
    """Return study number, reason and count of every flag."""
    rows = StudyFlag.objects.order_by("pk").values_list("study__study_instance_uid", "reason", "count")
    return [(uid.removeprefix(f"{ROOT}."), reason, count) for uid, reason, count in rows]


def differences() -> list[dict[str, str]]:
    return [one for flag in StudyFlag.objects.order_by("pk") for one in flag.differences]


def test_objects_that_fit_raise_no_flag(data_dir) -> None:
    given: dict[str, Any] = {"PatientBirthDate": "19700101", "PatientSex": "F"}
    index(image(1, 1, 1, **given), image(1, 1, 2, PatientName="PHANTOM^ADA^^"), image(2, 1, 1, **given))
    assert flags() == []
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"PatientName": "Other^Eve"}, [("PatientName", "Phantom^Ada", "Other^Eve")]),
        ({"PatientBirthDate": "19710101"}, [("PatientBirthDate", "1970-01-01", "1971-01-01")]),
        (
            {"PatientSex": "M", "PatientBirthDate": "19691231"},
            [("PatientBirthDate", "1970-01-01", "1969-12-31"), ("PatientSex", "F", "M")],
        ),
    ],
)
def test_another_person_under_the_same_id_is_flagged(
    data_dir, attributes: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    given: dict[str, Any] = {"PatientBirthDate": "19700101", "PatientSex": "F"}
    index(image(1, **given))
    index(image(2, 1, 1, **{**given, **attributes}), image(2, 1, 2, **{**given, **attributes}))
    assert flags() == [("2", FlagReason.PATIENT_DIFFERS, 2)]
    assert [(one["attribute"], one["stored"], one["stated"]) for one in differences()] == expected

    patient = Patient.objects.get()
    assert (patient.name, patient.sex, str(patient.birth_date)) == ("Phantom^Ada", "F", "1970-01-01")
    study = Study.objects.get(study_instance_uid=f"{ROOT}.2")
    assert study.patient_name == attributes.get("PatientName", "Phantom^Ada")


def test_another_person_within_one_study_is_flagged(data_dir) -> None:
    index(image(1, 1, 1), image(1, 1, 2, PatientName="Other^Eve"))
    assert flags() == [("1", FlagReason.PATIENT_DIFFERS, 1)]
    assert Instance.objects.count() == 2


def test_particulars_that_the_first_study_left_out_are_taken_from_the_next(data_dir) -> None:
    index(image(1, PatientName=""))
    index(image(2, PatientBirthDate="19700101"))
    index(image(3, PatientBirthDate="19700102"), image(4, PatientName="Other^Eve"))
    assert flags() == [("3", FlagReason.PATIENT_DIFFERS, 1), ("4", FlagReason.PATIENT_DIFFERS, 1)]


def test_the_same_id_elsewhere_is_another_person(data_dir) -> None:
    index(image(1))
    index(image(2, PatientName="Other^Eve"), code="SOUTH")
    index(image(3, PatientName="Third^Tom", IssuerOfPatientID="OTHER"))
    assert flags() == []
    assert Patient.objects.count() == 3


def test_a_study_of_another_patient_stays_apart_and_is_flagged(data_dir) -> None:
    index(image(1, 1, 1))
    index(image(1, 1, 2, PatientID="P2", PatientName="Other^Eve"))
    assert flags() == [("1", FlagReason.STUDY_OF_ANOTHER_PATIENT, 1)]
    assert [(one["attribute"], one["stored"], one["stated"]) for one in differences()] == [
        ("PatientID", "P1", "P2"),
        ("PatientName", "Phantom^Ada", "Other^Eve"),
    ]
    assert Instance.objects.count() == 1
    assert QuarantinedObject.objects.count() == 1
    index(image(1, 1, 2, PatientID="P2", PatientName="Other^Eve"))  # the same once more changes nothing
    assert flags() == [("1", FlagReason.STUDY_OF_ANOTHER_PATIENT, 1)]


def test_another_object_with_a_known_uid_is_flagged_once(data_dir) -> None:
    index(image(1, 1, 1), image(1, 1, 2))
    index(image(1, 1, 1, StudyDescription="changed"), image(1, 1, 2, StudyDescription="changed"))
    assert flags() == [("1", FlagReason.SAME_UID_OTHER_BYTES, 2)]
    assert StudyFlag.objects.get().sop_instance_uid == f"{ROOT}.1.1.2"


def test_identical_objects_change_nothing(data_dir) -> None:
    odd = image(1, Modality="", StudyDate="20241399")
    index(odd)
    before = list(StudyFlag.objects.values())
    index(odd)
    assert list(StudyFlag.objects.values()) == before


def test_another_facility_is_told_nothing_of_a_conflict(data_dir) -> None:
    index(image(1))
    index(image(1, 1, 2), image(1, 1, 1, StudyDescription="changed"), code="SOUTH")
    index(image(2, SeriesInstanceUID=f"{ROOT}.1.1"), code="SOUTH")
    assert flags() == []


def test_a_series_in_two_studies_is_flagged_at_the_second(data_dir) -> None:
    index(image(1))
    index(image(2, SeriesInstanceUID=f"{ROOT}.1.1"), image(2, 1, 2, SeriesInstanceUID=f"{ROOT}.1.1"))
    assert flags() == [("2", FlagReason.SERIES_OF_ANOTHER_STUDY, 1)]
    assert differences() == [{"attribute": "StudyInstanceUID", "stored": f"{ROOT}.1", "stated": f"{ROOT}.2"}]


def test_missing_attributes_are_named(data_dir) -> None:
    index(image(1, PatientID="", Modality="", PhotometricInterpretation=""))
    assert flags() == [("1", FlagReason.MISSING_ATTRIBUTES, 1)]
    assert [one["attribute"] for one in differences()] == ["PatientID", "Modality", "PhotometricInterpretation"]


def test_objects_without_pixels_need_no_rows(data_dir) -> None:
    report = image(1, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", Modality="SR")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation"):
        del report[keyword]
    private = image(2, SOPClassUID="1.3.12.2.1107.5.9.1")
    del private.Modality
    index(report, private)
    assert flags() == []


@pytest.mark.parametrize(
    ("keyword", "vr", "value", "problem"),
    [
        ("StudyDate", "DA", "20241399", "is no valid date and is left out"),
        ("PatientBirthDate", "DA", "unknown", "is no valid date and is left out"),
        ("StudyDate", "DA", "20240229093000", "is more than a date, the rest is left out"),
        ("SeriesTime", "TM", "25:61", "is no valid time and is left out"),
        ("SeriesNumber", "IS", "1.5", "is no whole number and is left out"),
        ("InstanceNumber", "IS", "first", "is no whole number and is left out"),
        ("AccessionNumber", "SH", "A" * 80, "is longer than 64 characters and is cut off"),
        ("PatientSex", "CS", "F\\M", "has several values, of which the first counts"),
        ("StudyDescription", "UT", "long text", "has the value representation UT"),
    ],
)
def test_values_that_were_adapted_are_named(data_dir, keyword: str, vr: str, value: str, problem: str) -> None:
    dataset = image(1)
    settle(dataset, keyword, vr, value)
    index(dataset)
    assert flags() == [("1", FlagReason.ADAPTED_VALUES, 1)]
    assert [(one["attribute"], one["problem"]) for one in differences()] == [(keyword, problem)]


def settle(dataset: Dataset, keyword: str, vr: str, value: str) -> None:
    """Give an attribute any bytes, as a broken sender would."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None
    dataset[tag] = DataElement(tag, vr if vr == "UT" else "LO", value, already_converted=True)
    dataset[tag].VR = vr


@pytest.mark.filterwarnings("ignore")  # pydicom warns of what is broken on purpose
@pytest.mark.parametrize(
    ("character_set", "name", "problem"),
    [
        ("", "Müller^Jörg".encode("latin-1"), "has characters beyond ASCII, but no character set is named"),
        ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "has characters that its character set does not have"),
        ("ISO_IR 999", b"Mueller^Joerg", "names no character set of the standard"),
    ],
)
def test_names_that_cannot_be_decoded_are_named(data_dir, character_set: str, name: bytes, problem: str) -> None:
    dataset = image(1, PatientName="?" * (len(name) + len(name) % 2))
    if character_set:
        dataset.SpecificCharacterSet = character_set
    else:
        del dataset.SpecificCharacterSet
    path = write(dataset, settings.NOCTIS_DATA.incoming / "arriving.dcm")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"?" * (len(name) + len(name) % 2), name + b" " * (len(name) % 2)))
    receive(path, reception())
    indexer.index_spool()
    assert flags() == [("1", FlagReason.ADAPTED_VALUES, 1)]
    assert [one["problem"] for one in differences()] == [problem]


def test_every_object_of_a_series_is_counted_in_one_flag(data_dir) -> None:
    index(*(image(1, 1, number, StudyDate="2024ABCD") for number in range(1, 6)))
    index(*(image(1, 1, number, StudyDate="2024EFGH") for number in range(6, 8)))
    assert flags() == [("1", FlagReason.ADAPTED_VALUES, 7)]
    assert differences()[0]["stated"] == "2024ABCD"


def test_a_study_has_a_bounded_number_of_flags(data_dir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flagging, "MOST_FLAGS", 3)
    index(image(1, 1, 1), *(image(1, 1, number, PatientName=f"Other^{number}") for number in range(2, 12)))
    assert flags() == [("1", FlagReason.PATIENT_DIFFERS, count) for count in (1, 1, 1, 7)]
    assert StudyFlag.objects.get(count=7).differences == []


def test_endless_values_are_kept_short(data_dir) -> None:
    index(image(1, PatientName="x" * 60), image(1, 1, 2, PatientName="^".join("y" * 60 for _ in range(5))))
    assert all(len(value) <= 200 for one in differences() for value in one.values())


def test_no_name_reaches_the_log(data_dir, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    index(image(1), image(2, PatientName="Other^Eve"))
    assert f"study {ROOT}.2 is flagged: patient_differs" in caplog.text
    assert "Eve" not in caplog.text
    assert "P1" not in caplog.text


def test_objects_that_look_alike_are_looked_at_once(data_dir, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    original = discrepancies.unfit_values

    def looking(header: Header) -> list[discrepancies.Finding]:
        looked_at.append(header)
        return original(header)

    monkeypatch.setattr(flagging, "unfit_values", looking)
    index(*(image(1, 1, number) for number in range(1, 9)))
    assert len(looked_at) == 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("representation", ["\0\0", "\x01\xff", "ZZ"])
def test_a_representation_that_is_none_at_all_stops_nothing(data_dir, representation: str) -> None:
    path = write(image(1, StationName="CT2 "), settings.NOCTIS_DATA.incoming / "arriving.dcm")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\x08\x00\x10\x10SH", b"\x08\x00\x10\x10" + representation.encode("latin-1")))
    try:
        receive(path, reception())
    except NotStorable:
        return  # nobody was told that it is stored
    indexer.index_spool()
    assert Instance.objects.count() + QuarantinedObject.objects.count() == 1


@pytest.mark.filterwarnings("ignore")
def test_values_that_are_no_text_for_a_database_stop_nothing(data_dir) -> None:
    path = write(image(1, AccessionNumber="x" * 80), settings.NOCTIS_DATA.incoming / "arriving.dcm")
    path.write_bytes(path.read_bytes().replace(b"x" * 80, b"\0\xed\xa0\x80\xff" * 16))
    receive(path, reception())
    indexer.index_spool()
    assert Instance.objects.count() == 1
    assert ("1", FlagReason.ADAPTED_VALUES, 1) in flags()
