"""The pages of quality control and of quarantined objects: what they show, and that what is typed is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from noctis.archive import indexer
from noctis.archive.models import FacilityRule, Instance, QuarantinedObject, Study, StudyStatus
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.quality_control.models import Acceptance, Rejection, RejectReason
from noctis.quality_control.tests.factories import study_with_images


@pytest.fixture
def technician(client: Client, people) -> Client:
    client.force_login(people.technician)
    return client


@pytest.fixture
def administrator(people) -> Client:
    made = Client()
    made.force_login(people.administrator)
    return made


def at(name: str, *arguments: Any) -> str:
    return reverse(f"quality_control:{name}", args=arguments)


def said(client: Client, address: str, data: dict[str, Any] | None = None) -> str:
    answer = client.get(address) if data is None else client.post(address, data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_images_are_rejected_and_taken_back(technician, people):
    study = study_with_images(people.north, 3)
    uids = list(Instance.objects.order_by("pk").values_list("sop_instance_uid", flat=True))
    address = at("reject", study.study_instance_uid)
    assert "Choose images first" in said(technician, address, {"do": "reject", "reason": 1})

    text = said(technician, address, {"do": "reject", "image": uids[:2], "comment": "Blurred"})
    assert "This field is required" in text
    assert 'value="Blurred"' in text
    assert text.count("checked") == 2

    reason = RejectReason.objects.get(name="Motion").pk
    form = {"do": "reject", "image": uids[:2], "reason": reason, "is_repeat_requested": "on"}
    assert "2 images are rejected" in said(technician, address, form)
    assert "2 to be made again" in said(technician, at("study", study.study_instance_uid))
    assert "1 image is not rejected any more" in said(technician, address, {"do": "restore", "image": uids[0]})
    assert Rejection.objects.standing().count() == 1
    assert "1 rejection taken back" in said(technician, at("study", study.study_instance_uid))
    assert "With rejected images" in said(technician, at("studies") + "?state=rejected")


def test_a_reason_that_is_not_offered_cannot_be_given(technician, people):
    study = study_with_images(people.north, 1)
    RejectReason.objects.update(is_active=False)
    form = {"do": "reject", "whole_study": "yes", "reason": RejectReason.objects.earliest("pk").pk}
    assert "not one of the available choices" in said(technician, at("reject", study.study_instance_uid), form)


def test_accepting_leads_to_the_study_that_waits_longest(technician, people):
    first = study_with_images(people.north, status=StudyStatus.UNCHECKED)
    second = study_with_images(people.north, status=StudyStatus.UNCHECKED)
    study_with_images(people.south, status=StudyStatus.UNCHECKED)
    answer = technician.post(at("accept", second.study_instance_uid))
    assert answer.url == at("study", first.study_instance_uid)
    answer = technician.post(at("accept", first.study_instance_uid))
    assert answer.url == at("study", first.study_instance_uid)
    assert "No study waits" in said(technician, at("studies"))
    assert "Accepted" in said(technician, at("study", first.study_instance_uid))
    technician.post(at("undo_acceptance", first.study_instance_uid))
    assert Acceptance.objects.count() == 1


def test_a_long_series_is_shown_in_part_until_it_is_asked_for(technician, people):
    study = study_with_images(people.north, 60)
    series = study.series.get()
    text = said(technician, at("study", study.study_instance_uid))
    assert text.count('name="image"') == 48
    assert "12 more images are not shown" in text
    whole = said(technician, at("study", study.study_instance_uid) + f"?series={series.series_instance_uid}")
    assert whole.count('name="image"') == 60


def test_administrators_keep_the_list_of_reasons(administrator, people):
    assert "already a reason with this name" in said(administrator, at("new_reason"), {"name": "motion", "position": 1})
    said(administrator, at("new_reason"), {"name": "Hair", "position": 3, "is_active": "on"})
    reason = RejectReason.objects.get(name="Hair")
    said(administrator, at("edit_reason", reason.pk), {"name": "Hair or clothes", "position": 3})
    reason.refresh_from_db()
    assert (reason.name, reason.is_active) == ("Hair or clothes", False)
    assert AuditEntry.objects.filter(action=Action.REJECT_REASON_CHANGED).count() == 2


def test_administrators_say_which_facility_checks_first(administrator, people):
    assert "wait until they are accepted" in said(
        administrator, at("facility_rule", people.north.pk), {"wanted": "yes"}
    )
    assert FacilityRule.objects.get(facility=people.north).checks_before_reading
    assert "as soon as they are complete" in said(administrator, at("facility_rule", people.north.pk), {"wanted": "no"})
    entries = AuditEntry.objects.filter(action=Action.SETTING_CHANGED).order_by("pk")
    assert [entry.detail["checks_before_reading"] for entry in entries] == [True, False]


def test_rates_are_shown_for_a_period(technician, people):
    study_with_images(people.north, 4)
    assert "0.0 %" in said(technician, at("rates"))
    assert "No images in this period" in said(technician, at("rates") + "?first_day=2001-01-01&last_day=2001-02-01")
    assert "0.0 %" in said(technician, at("rates") + "?first_day=nonsense&last_day=")


@pytest.fixture
def kept(data_dir, people) -> QuarantinedObject:
    delivery = reception("NORTH")
    deliver(image(), delivery)
    for number in (2, 3):
        deliver(image(instance=number, PatientID="P2", PatientName="Other^Eve"), delivery)
    indexer.index_spool()
    return QuarantinedObject.objects.earliest("pk")


@pytest.mark.django_db(transaction=True)
def test_a_decision_is_taken_for_all_that_wait_alike(technician, kept):
    page = at("quarantined", kept.pk)
    text = said(technician, page)
    for part in ("Other^Eve", "Phantom^Ada", "P2", "all 2 objects", "1 more object of this study waits"):
        assert part in text
    decision = {"decision": "accepted", "explanation": "One person", "all_alike": "on"}
    text = said(technician, at("quarantined_decide", kept.pk), decision)
    assert "Confirm that both are the same person" in text
    assert "One person" in text
    text = said(technician, at("quarantined_decide", kept.pk), decision | {"is_confirmed": "on"})
    assert "2 objects are filed in the study" in text
    indexer.index_spool()
    assert Study.objects.get().instance_count == 3
    assert "Somebody decided" in said(technician, at("quarantined_undo", kept.pk), {})


@pytest.mark.django_db(transaction=True)
def test_what_was_discarded_together_is_brought_back_together(technician, kept):
    decision = {"decision": "discarded", "explanation": "Sent by mistake", "all_alike": "on"}
    assert "2 objects are discarded" in said(technician, at("quarantined_decide", kept.pk), decision)
    assert "waits for a decision again" in said(technician, at("quarantined_undo", kept.pk), {})
    assert QuarantinedObject.objects.undecided().count() == 2


@pytest.mark.django_db(transaction=True)
def test_administrators_download_what_is_in_quarantine(technician, administrator, kept):
    address = at("quarantined_download", kept.pk)
    assert technician.post(address).status_code == 403
    answer = administrator.post(address)
    content = b"".join(answer.streaming_content)
    assert content == (settings.NOCTIS_DATA.quarantine / kept.path).read_bytes()
    assert answer["Content-Disposition"] == f'attachment; filename="quarantined-{kept.pk}.dcm"'
    assert AuditEntry.objects.get(action=Action.QUARANTINED_OBJECT_READ).detail["sha256"] == kept.sha256


@pytest.mark.django_db(transaction=True)
def test_files_that_were_set_aside_are_filed_for_a_facility(administrator, data_dir, people):
    receipt = deliver(image(), reception("SOUTH"))
    receipt.spooled.rename(receipt.spooled.with_name("left-over.orphan"))
    (data_dir.ready / "broken.orphan").write_bytes(b"no DICOM")
    assert "2 files in the spool" in said(administrator, at("inbox"))
    assert "left-over.orphan" in said(administrator, at("spool"))
    assert administrator.post(at("spool_take_in"), {"facility": "NORTH", "name": "../x"}).status_code == 404
    text = said(administrator, at("spool_take_in"), {"facility": "NORTH", "name": ""})
    assert "1 file is filed for North hospital" in text
    assert "1 cannot be read and stays" in text
    indexer.index_spool()
    assert Study.objects.get().facility == people.north
