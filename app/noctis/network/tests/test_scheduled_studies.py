"""Images that arrive, and the steps that were scheduled for them."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from noctis.archive import indexer
from noctis.archive.tests.factories import ROOT, deliver, image, reception
from noctis.modality_worklist.models import ScheduledProcedureStep
from noctis.modality_worklist.performed_actions import Reporter, begin_performed_step, change_performed_step
from noctis.modality_worklist.tests.factories import STUDY, facility, final, report
from noctis.modality_worklist.tests.factories import scheduled as schedule
from noctis.network import scheduled_studies
from noctis.network.scheduled_studies import missing_instances

pytestmark = pytest.mark.django_db


def status_of(step: ScheduledProcedureStep) -> str:
    step.refresh_from_db()
    return step.status


def test_images_start_the_step_of_their_study(data_dir):
    step = schedule(study_instance_uid=f"{ROOT}.1")
    other = schedule("SOUTH", study_instance_uid=f"{ROOT}.2")
    deliver(image(study=1), reception("NORTH"))
    deliver(image(study=2), reception("NORTH"))
    indexer.index_spool()
    assert (status_of(step), status_of(other)) == ("in_progress", "scheduled")


def test_images_under_another_study_uid_start_the_step_of_their_order(data_dir):
    step = schedule(accession_number="A1", patient_identifier="P1")
    deliver(image(AccessionNumber="A1", PatientID="P1"), reception("NORTH"))
    indexer.index_spool()
    assert status_of(step) == "in_progress"


def test_images_are_filed_although_their_step_cannot_be_written(data_dir, monkeypatch, caplog):
    def away(*_args, **_options):
        raise OperationalError("Phantom^Ada")

    monkeypatch.setattr(scheduled_studies, "note_images", away)
    deliver(image(), reception("NORTH"))
    assert indexer.index_spool() == 1
    assert "scheduled steps could not follow their images: OperationalError" in caplog.text
    assert "Phantom" not in caplog.text


def test_what_a_modality_made_and_did_not_send_is_named(data_dir):
    reporter = Reporter(facility("NORTH"), "CT1")
    begin_performed_step(f"{STUDY}.99", report(), reporter=reporter)
    performed = change_performed_step(f"{STUDY}.99", final(images=3), reporter=reporter).step
    for code, number in (("NORTH", 1), ("SOUTH", 2)):
        sent = image(study=number, SOPInstanceUID=f"{STUDY}.1.{number}")
        deliver(sent, reception(code))
    indexer.index_spool()
    assert missing_instances(performed) == [f"{STUDY}.1.2", f"{STUDY}.1.3"]
