"""What a signer has to acknowledge: recorded with the signature, and asked again when it is no longer the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from noctis.archive.models import Instance, Reception, Series, Study, StudyStatus
from noctis.audit.actions import record
from noctis.audit.models import Action, AuditEntry
from noctis.quality_control.models import Rejection, RejectReason
from noctis.reading_worklist.models import ReadingTask, Status
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports.models import Report
from noctis.reports.tests.conftest import PASSWORD

FIELD = {"type": "field", "attrs": {"label": "size", "choices": []}}


def content(*inline: dict[str, Any]) -> dict[str, Any]:
    words = [{"type": "text", "text": "A nodule of "}, *inline]
    return {"findings": {"type": "doc", "content": [{"type": "paragraph", "content": words}]}}


@pytest.fixture
def warned(ask, reader, study):
    """Give ``warned()``: the keys of what speaks against signing now."""

    def keys() -> list[str]:
        answer = ask(reader, "get", f"/studies/{study}/report/content").json()
        return [warning["key"] for warning in answer["warnings"]]

    return keys


def write(ask, reader, study, *inline: dict[str, Any]) -> None:
    body = {"version": 0, "content": content(*inline)}
    assert ask(reader, "put", f"/studies/{study}/report/content", body).status_code == 200


def sign(ask, reader, study, *acknowledged: str) -> Any:
    body = {"version": 1, "password": PASSWORD, "acknowledged": list(acknowledged)}
    return ask(reader, "post", f"/studies/{study}/report/signature", body)


def test_a_warning_is_acknowledged_and_kept_with_the_signature(ask, people, reader, study):
    write(ask, reader, study, FIELD)
    Study.objects.update(status=StudyStatus.ARRIVING)
    refused = sign(ask, reader, study, "arriving")
    assert refused.status_code == 409
    assert [warning["key"] for warning in refused.json()["warnings"]] == ["arriving", "fields 1"]
    assert Report.objects.get().state == "draft"

    assert sign(ask, reader, study, "arriving", "fields 1").status_code == 200
    kept = Report.objects.get().signed_despite
    assert kept == [
        {"key": "arriving", "text": "Images of this study are still arriving."},
        {"key": "fields 1", "text": "Fields of the template are empty: size."},
    ]
    signed = AuditEntry.objects.get(action=Action.REPORT_SIGNED)
    assert signed.detail["despite"] == ["arriving", "fields 1"]
    page = ask(people.technician, "get", f"/studies/{study}/report").content.decode()
    assert "Acknowledged by the signer" in page
    assert "A nodule of [size]" in page.replace('<span class="report-field">', "").replace("</span>", "")
    assert "Acknowledged" not in ask(people.owner, "get", f"/studies/{study}/report").content.decode()


def test_a_prior_that_the_reader_did_not_open_is_told(study, reader, colleague, warned):
    Study.objects.update(study_date=date(2026, 3, 1), description="CT chest", received_at=timezone.now())
    same = {"patient_identifier": study.patient_identifier, "description": "CT chest", "study_date": date(2024, 5, 3)}
    prior = make_study(study.facility, **same)
    make_study(study.facility, **(same | {"description": "MR knee", "study_date": date(2025, 1, 1)}))
    key = f"prior {prior}"
    assert warned() == [key]

    uid = str(prior)
    record(Action.STUDY_OPENED, acting_user=colleague, study_instance_uid=uid)
    early = record(Action.STUDY_OPENED, acting_user=reader, study_instance_uid=uid)
    later = timezone.now() + timedelta(minutes=1)
    Study.objects.filter(pk=study.pk).update(received_at=later)
    assert early.at < later
    assert warned() == [key]
    Study.objects.filter(pk=study.pk).update(received_at=early.at - timedelta(seconds=1))
    assert warned() == []


def test_rejected_images_and_another_holder_are_told(people, study, colleague, warned):
    now = timezone.now()
    reception = Reception.objects.create(facility=people.north, protocol="test")
    series = Series.objects.create(study=study, series_instance_uid="1.2.3", changed_at=now)
    image = Instance.objects.create(
        series=series,
        sop_instance_uid="1.2.3.4",
        reception=reception,
        received_at=now,
        file_size=1,
        data_set_offset=0,
    )
    reason = RejectReason.objects.create(name="A reason")
    Rejection.objects.create(instance=image, reason=reason, rejected_by=people.technician, rejected_at=now)
    ReadingTask.objects.filter(study=study).delete()
    ReadingTask.objects.create(
        facility=people.north,
        study=study,
        study_instance_uid=str(study),
        status=Status.IN_PROGRESS,
        assigned_to=colleague,
        claimed_at=now,
        held_until=now + timedelta(minutes=5),
        clock_started_at=now,
        due_at=now,
        received_at=now,
        changed_at=now,
    )
    assert warned() == ["rejected 1", f"held by {colleague.pk}"]
    ReadingTask.objects.update(held_until=now)
    assert warned() == ["rejected 1"]
