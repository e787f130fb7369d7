"""Modality Performed Procedure Steps over real associations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association

from noctis.modality_worklist.tests.factories import STUDY, final, report, worklist_file
from noctis.network.answers import keep_answers
from noctis.network.services import MODALITY_PERFORMED_PROCEDURE_STEP, MODALITY_WORKLIST
from tests.support.dicom_service import DicomService

pytestmark = pytest.mark.integration

UID = f"{STUDY}.99"


@pytest.fixture(scope="module")
def scheduled(service: DicomService, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Schedule one step at each facility, and let a modality of SOUTH in."""
    for code, number in (("NORTH", 1), ("SOUTH", 2)):
        folder = tmp_path_factory.mktemp(code)
        schedule(service, folder, number, code)
    service.manage("add_ae", "SOUTH_CT", "--facility", "SOUTH")
    return service


def schedule(service: DicomService, folder: Path, number: int, code: str = "NORTH") -> None:
    worklist_file(
        folder / "1.wl",
        StudyInstanceUID=f"{STUDY}.{number}",
        AccessionNumber=f"A{number}",
        ScheduledProcedureStepID=f"S{number}",
    )
    service.manage("import_worklist", str(folder), "--facility", code)


@contextmanager
def associated(service: DicomService, calling: str = "CT1") -> Iterator[Association]:
    entity = AE(calling)
    entity.add_requested_context(MODALITY_PERFORMED_PROCEDURE_STEP)
    entity.add_requested_context(MODALITY_WORKLIST)
    association = entity.associate(
        "127.0.0.1", service.port, ae_title="NOCTIS_PACS", evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)]
    )
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


def begun(number: int, **changes: str) -> Dataset:
    dataset = report(None, **changes)
    reference = dataset.ScheduledStepAttributesSequence[0]
    reference.StudyInstanceUID, reference.ScheduledProcedureStepID = f"{STUDY}.{number}", f"S{number}"
    reference.AccessionNumber = f"A{number}"
    return dataset


def create(association: Association, dataset: Dataset, uid: str | None) -> Dataset:
    status, _ = association.send_n_create(dataset, MODALITY_PERFORMED_PROCEDURE_STEP, uid)
    return status


def change(association: Association, dataset: Dataset, uid: str) -> Dataset:
    status, _ = association.send_n_set(dataset, MODALITY_PERFORMED_PROCEDURE_STEP, uid)
    return status


def status_of(service: DicomService, number: int) -> str:
    query = f"SELECT status FROM modality_worklist_scheduledprocedurestep WHERE step_id = 'S{number}'"  # noqa: S608
    ((status,),) = service.rows(query)
    return str(status)


def test_the_worklist_follows_what_a_modality_performs(scheduled, tmp_path):
    schedule(scheduled, tmp_path, 7)
    uid = f"{UID}.7"
    with associated(scheduled) as association:
        assert create(association, begun(7), uid).Status == 0x0000
        assert status_of(scheduled, 7) == "in_progress"
        assert change(association, final(images=3), uid).Status == 0x0000
    assert status_of(scheduled, 7) == "completed"
    rows = scheduled.rows(
        "SELECT step.status, reported_by, series_instance_uid, instance_count, operators_name"  # noqa: S608
        " FROM modality_worklist_performedprocedurestep step JOIN modality_worklist_performedseries series"
        f" ON series.performed_step_id = step.id WHERE sop_instance_uid = '{uid}'"
    )
    assert rows == [("COMPLETED", "CT1", f"{STUDY}.1", 3, "Muster^Änne")]
    audited = scheduled.audit_entries("procedure_performed", "CT1")
    states = [detail["status"] for study, _, detail in audited if study == f"{STUDY}.7"]
    assert states == ["IN PROGRESS", "COMPLETED"]
    assert "Phantom" not in scheduled.said()
    assert "Muster" not in scheduled.said()


def test_the_rules_of_the_standard_are_answered_with_its_statuses(scheduled):
    with associated(scheduled) as association:
        uid = f"{UID}.1"
        missing = create(association, begun(1, Modality=""), uid)
        assert (missing.Status, missing.ErrorComment) == (0x0120, "Missing: Modality")
        wrong = create(association, begun(1, PerformedProcedureStepStatus="COMPLETED"), uid)
        assert (wrong.Status, wrong.ErrorComment) == (0x0106, "Invalid: PerformedProcedureStepStatus")
        assert change(association, final(), uid).Status == 0x0112
        assert create(association, begun(1), uid).Status == 0x0000
        assert create(association, begun(1), uid).Status == 0x0111
        kept = change(association, final("DISCONTINUED", PatientID="P9"), uid)
        assert (kept.Status, kept.ErrorComment) == (0x0107, "Not changed: PatientID")
        over = change(association, final(), uid)
        assert (over.Status, over.ErrorID) == (0x0110, 0xA710)
    assert status_of(scheduled, 1) == "discontinued"


def test_a_request_without_a_uid_is_given_one(scheduled):
    with associated(scheduled) as association:
        status, _ = association.send_n_create(report(), MODALITY_PERFORMED_PROCEDURE_STEP, None)
        assert status.Status == 0x0000
    ((uid,),) = scheduled.rows(
        "SELECT sop_instance_uid FROM modality_worklist_performedprocedurestep WHERE sop_instance_uid LIKE '2.25.%'"
    )
    assert uid.startswith("2.25.")


def test_a_modality_of_another_facility_moves_nothing(scheduled):
    uid = f"{UID}.2"
    with associated(scheduled) as north:
        assert create(north, begun(2), uid).Status == 0x0000
    assert status_of(scheduled, 2) == "scheduled"
    with associated(scheduled, "SOUTH_CT") as south:
        assert change(south, final(), uid).Status == 0x0112
        assert create(south, begun(2), f"{uid}.1").Status == 0x0000
    assert status_of(scheduled, 2) == "in_progress"


def test_a_database_that_is_away_is_told_and_the_report_can_be_sent_again(new_service):
    own = new_service()
    own.execute("ALTER TABLE modality_worklist_performedprocedurestep RENAME TO away")
    with associated(own) as association:
        assert create(association, report(), UID).Status == 0x0213
        own.execute("ALTER TABLE away RENAME TO modality_worklist_performedprocedurestep")
        assert create(association, report(), UID).Status == 0x0000
