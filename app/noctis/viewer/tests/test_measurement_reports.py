"""Annotations as structured reports: written, read by other programs, taken over again exactly, and by whom."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import highdicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import Comprehensive3DSRStorage, CTImageStorage

from noctis.accounts.models import Role
from noctis.archive import indexer
from noctis.archive.models import Instance, Study, StudyFlag
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.viewer.annotation_content import TOOLS
from noctis.viewer.models import Annotation
from noctis.viewer.tests.report_factories import (
    DRAWINGS,
    as_bytes,
    draw_all,
    export,
    parts,
    second,
    take_over,
    two_slices,
)
from noctis.viewer.tests.test_annotations import delete, listed, put
from noctis.viewer.tests.test_viewer_page import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(data_dir) -> Study:
    return two_slices()


def dsrdump(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["dsrdump", "--print-template-id", str(path)], capture_output=True, text=True, check=False)


def test_every_tool_has_a_drawing_here():
    assert set(DRAWINGS) == TOOLS


def test_what_was_removed_comes_back_exactly_under_the_same_identifiers(study):
    client, _ = client_of(Role.RADIOLOGIST)
    drawn = draw_all(client, study)
    report = export(client, study)
    for uid in drawn:
        assert delete(client, study, uid, 1).status_code == 200

    answer = take_over(client, study, report)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "takenOver": len(drawn),
        "alreadyThere": 0,
        "keptAsChanged": [],
        "notUnderstood": [],
    }
    found = {UUID(one["uid"]): one for one in listed(client, study)["annotations"]}
    assert {uid: parts(one) for uid, one in found.items()} == {uid: parts(one) for uid, one in drawn.items()}


@pytest.mark.integration
def test_dcmtk_reads_every_value_and_graphic_without_a_warning(study, tmp_path):
    client, user = client_of(Role.RADIOLOGIST)
    user.full_name = "Reader Müller"
    user.save()
    draw_all(client, study)
    path = tmp_path / "report.dcm"
    path.write_bytes(export(client, study))
    read = dsrdump(path)
    complaints = [line for line in read.stderr.splitlines() if "VR checker" not in line]  # which knows no UTF-8
    assert (read.returncode, complaints) == (0, [])
    for expected in (
        "Length",
        '36.0" (mm,UCUM',
        "Cobb angle",
        "Cardiothoracic ratio",
        "ELLIPSE",
        "Reader Müller",
    ):
        assert expected in read.stdout, expected


@pytest.mark.filterwarnings("ignore:The string:UserWarning")
def test_highdicom_finds_each_group_with_its_identifiers_and_values(study, tmp_path):
    client, _ = client_of(Role.RADIOLOGIST)
    drawn = draw_all(client, study)
    path = tmp_path / "report.dcm"
    path.write_bytes(export(client, study))
    content: Any = highdicom.sr.srread(path).content
    groups = [*content.get_planar_roi_measurement_groups(), *content.get_image_measurement_groups()]
    found = {UUID(int=int(group.tracking_uid.removeprefix("2.25."))): group for group in groups}
    assert set(found) == set(drawn)
    for uid, group in found.items():
        values = [measurement.value for measurement in group.get_measurements()]
        assert values == [quantity["value"] for quantity in drawn[uid]["quantities"]]


def test_the_file_is_named_without_the_patient_and_what_was_exported_is_recorded(study):
    client, user = client_of(Role.FACILITY_USER, "NORTH")
    put(client_of(Role.RADIOLOGIST)[0], study, UUID(int=1), second(study, "length"))
    response = client.get(f"/viewer/{study.study_instance_uid}/measurement-report")
    report = dcmread(io.BytesIO(response.content))
    name = f"measurements-{report.SOPInstanceUID}.dcm"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    (entry,) = AuditEntry.objects.filter(action=Action.MEASUREMENT_REPORT_EXPORTED)
    assert (entry.user, entry.detail) == (user, {"report": str(report.SOPInstanceUID)})
    assert (report.StudyInstanceUID, report.PatientID) == (study.study_instance_uid, "P1")


def test_a_report_that_is_saved_joins_the_study_and_is_taken_over_from_there(study):
    client, user = client_of(Role.TECHNICIAN, "NORTH")
    put(client, study, UUID(int=1), second(study, "ellipse"))
    url = f"/viewer/{study.study_instance_uid}/measurement-report"
    uid = client.post(url).json()["sopInstanceUid"]
    indexer.index_spool()
    instance = Instance.objects.get(sop_instance_uid=uid)
    assert (instance.series.study, instance.sop_class_uid) == (study, str(Comprehensive3DSRStorage))
    assert not StudyFlag.objects.exists(), "the report's patient and study are those of the images"
    (entry,) = AuditEntry.objects.filter(action=Action.MEASUREMENT_REPORT_SAVED)
    assert (entry.user, entry.detail) == (user, {"report": uid})

    (listed_one,) = client.get(f"{url}s").json()["reports"]
    assert listed_one["made_at"][:2] == "20"
    assert {name: listed_one[name] for name in ("sop_instance_uid", "title", "has_measurements")} == {
        "sop_instance_uid": uid,
        "title": "Measurements",
        "has_measurements": True,
    }
    delete(client, study, UUID(int=1), 1)
    answer = client.post(f"{url}s/import", {"sopInstanceUid": uid})
    assert answer.json()["takenOver"] == 1
    (found,) = listed(client, study)["annotations"]
    assert parts(found) == parts(second(study, "ellipse"))
    (entry,) = AuditEntry.objects.filter(action=Action.MEASUREMENT_REPORT_IMPORTED)
    assert entry.detail == {"report": uid, "measurements": 1}


def test_who_imports_owns_the_measurement_and_who_measured_it_is_told(study):
    author, account = client_of(Role.RADIOLOGIST)
    account.full_name = "Dr Ada North"
    account.save()
    put(author, study, UUID(int=1), second(study, "length"))
    report = export(author, study)
    delete(author, study, UUID(int=1), 1)
    importer, user = client_of(Role.TECHNICIAN, "NORTH")
    assert take_over(importer, study, report).json()["takenOver"] == 1
    (found,) = listed(importer, study)["annotations"]
    assert (found["author"], found["origin"], found["mayChange"]) == (user.username, "Dr Ada North", True)
    assert found["uid"] != str(UUID(int=1)), "what its author removed stays the author's"
    assert take_over(importer, study, report).json()["alreadyThere"] == 1, "again changes nothing"
    assert Annotation.objects.filter(is_removed=False).count() == 1


def test_what_is_there_stays_as_it_is(study):
    client, _ = client_of(Role.RADIOLOGIST)
    for number, tool in enumerate(("length", "probe"), start=1):
        put(client, study, UUID(int=number), second(study, tool))
    report = export(client, study)
    put(client, study, UUID(int=1), second(study, "length", version=1, text="since then"))
    assert take_over(client, study, report).json() == {
        "takenOver": 0,
        "alreadyThere": 1,
        "keptAsChanged": ["length"],
        "notUnderstood": [],
    }
    assert Annotation.objects.get(uid=UUID(int=1)).content["text"] == "since then"


def test_a_graphic_that_was_changed_in_the_file_counts_more_than_the_text_beside_it(study):
    client, _ = client_of(Role.RADIOLOGIST)
    put(client, study, UUID(int=1), second(study, "length"))
    report = dcmread(io.BytesIO(export(client, study)))
    delete(client, study, UUID(int=1), 1)
    numbers = report.ContentSequence[-1].ContentSequence[0].ContentSequence
    (line,) = next(item for item in numbers if item.ValueType == "NUM").ContentSequence
    line.GraphicData = [10.5, 20.5, 40.5, 60.5]
    answer = take_over(client, study, as_bytes(report))
    assert answer.json()["takenOver"] == 1, answer.content
    (found,) = listed(client, study)["annotations"]
    across, down = (found["points"][1][axis] - found["points"][0][axis] for axis in (0, 1))
    assert across == pytest.approx(30 * 0.6)
    assert down > 0


@pytest.mark.parametrize(("role", "facility"), [(Role.TECHNICIAN, "SOUTH"), (Role.FACILITY_USER, "SOUTH")])
def test_nobody_reaches_the_reports_of_another_facility(study, role, facility):
    author, _ = client_of(Role.RADIOLOGIST)
    put(author, study, UUID(int=1), second(study, "length"))
    report = export(author, study)
    stranger, _ = client_of(role, facility)
    url = f"/viewer/{study.study_instance_uid}/measurement-report"
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    assert stranger.get(f"{url}s").status_code == 404
    assert take_over(stranger, study, report).status_code == 404


def test_who_may_only_look_neither_saves_nor_imports(study):
    author, _ = client_of(Role.RADIOLOGIST)
    put(author, study, UUID(int=1), second(study, "length"))
    report = export(author, study)
    reader, _ = client_of(Role.FACILITY_USER, "NORTH")
    assert reader.post(f"/viewer/{study.study_instance_uid}/measurement-report").status_code == 403
    assert take_over(reader, study, report).status_code == 403


def of_another_study(report: Dataset) -> None:
    report.StudyInstanceUID = "2.25.4711"


def of_another_kind(report: Dataset) -> None:
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = CTImageStorage


def without_content(report: Dataset) -> None:
    del report.ContentSequence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (of_another_study, "another study"),
        (of_another_kind, "no structured report"),
        (without_content, "no measurements"),
    ],
)
def test_what_is_no_report_of_this_study_is_refused_with_a_reason(study, change, said):
    client, _ = client_of(Role.RADIOLOGIST)
    put(client, study, UUID(int=1), second(study, "length"))
    report = dcmread(io.BytesIO(export(client, study)))
    change(report)
    answer = take_over(client, study, as_bytes(report))
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.content


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_are_refused_or_read_and_never_an_error(study):
    client, _ = client_of(Role.RADIOLOGIST)
    draw_all(client, study)
    report = export(client, study)
    for size in (0, 100, 132, 1000, len(report) // 2, len(report) - 7):
        assert take_over(client, study, report[:size]).status_code in {200, 400}
    for place in range(400, len(report), len(report) // 40):
        damaged = report[:place] + b"\xff\xff\xff\x7f" + report[place + 4 :]
        assert take_over(client, study, damaged).status_code in {200, 400}


def test_a_measurement_of_an_image_that_is_not_there_is_named(study, data_dir):
    client, _ = client_of(Role.RADIOLOGIST)
    put(client, study, UUID(int=1), second(study, "length", text="Nodule"))
    report = dcmread(io.BytesIO(export(client, study)))
    delete(client, study, UUID(int=1), 1)
    numbers = report.ContentSequence[-1].ContentSequence[0].ContentSequence
    (line,) = next(item for item in numbers if item.ValueType == "NUM").ContentSequence
    line.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "2.25.1"
    answer: dict[str, Any] = take_over(client, study, as_bytes(report)).json()
    reason = "It lies on an image that the study does not have."
    assert answer["notUnderstood"] == [{"title": "Nodule", "reason": reason}]
    assert answer["takenOver"] == 0


def test_an_identifier_that_another_study_has_is_not_taken(study):
    deliver(
        image(StudyInstanceUID="2.25.77", SeriesInstanceUID="2.25.78", SOPInstanceUID="2.25.79"), reception("NORTH")
    )
    indexer.index_spool()
    client, _ = client_of(Role.RADIOLOGIST)
    put(client, study, UUID(int=1), second(study, "length"))
    report = export(client, study)
    Annotation.objects.update(study=Study.objects.get(study_instance_uid="2.25.77"))
    assert take_over(client, study, report).json()["takenOver"] == 1
    (found,) = listed(client, study)["annotations"]
    assert found["uid"] != str(UUID(int=1))
