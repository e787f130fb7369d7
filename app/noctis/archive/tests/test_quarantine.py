"""Decisions about quarantined objects: each does what it says, once, and no byte that came is ever changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pydicom import dcmread

from noctis.accounts.models import User
from noctis.archive import indexer
from noctis.archive.models import (
    Instance,
    QuarantineDecision,
    QuarantinedObject,
    Study,
    StudyFlag,
)
from noctis.archive.quarantine_actions import (
    FILING_TAKES,
    DecidedMeanwhile,
    NotDecided,
    decide,
    objects_like,
    quarantine_path,
    remove_discarded,
    send_again,
    take_back,
)
from noctis.archive.rebuild import rebuild_index
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def technician(db: None) -> User:
    return User.objects.create_user("technician")


def quarantined(**attributes: Any) -> QuarantinedObject:
    """File an image, then send one that contradicts it."""
    delivery = reception()
    deliver(image(), delivery)
    indexer.index_spool()
    deliver(image(**attributes), delivery)
    indexer.index_spool()
    return QuarantinedObject.objects.get()


def decided(kept: QuarantinedObject, decision: QuarantineDecision, user: User) -> QuarantinedObject:
    decide(kept, decision, explanation="Looked at it", acting_user=user, address=None)
    indexer.index_spool()
    kept.refresh_from_db()
    return kept


def test_a_discarded_object_changes_nothing_and_can_be_brought_back(data_dir, technician):
    kept = quarantined(PixelData=bytes(32))
    before = quarantine_path(kept).read_bytes()
    decided(kept, QuarantineDecision.DISCARDED, technician)
    assert (kept.decision, kept.decided_by, kept.explanation) == ("discarded", technician, "Looked at it")
    assert quarantine_path(kept).read_bytes() == before
    assert Instance.objects.count() == 1
    assert StudyFlag.objects.get().resolution == "Looked at it"
    assert AuditEntry.objects.get(action=Action.QUARANTINE_DECIDED).detail["decision"] == "discarded"

    take_back(kept, acting_user=technician)
    kept.refresh_from_db()
    assert (kept.decision, kept.decided_at) == ("", None)
    with pytest.raises(DecidedMeanwhile):
        take_back(kept, acting_user=technician)


def test_a_discarded_object_goes_after_its_time_and_is_news_when_it_comes_again(data_dir, technician):
    kept = decided(quarantined(PixelData=bytes(32)), QuarantineDecision.DISCARDED, technician)
    path = quarantine_path(kept)
    assert remove_discarded(timezone.now() - timedelta(days=1)) == 0
    assert remove_discarded(timezone.now()) == 1
    assert not path.exists()
    assert AuditEntry.objects.get(action=Action.QUARANTINED_OBJECT_REMOVED).detail["sha256"] == kept.sha256

    deliver(image(PixelData=bytes(32)), reception())
    indexer.index_spool()
    assert QuarantinedObject.objects.get().decision == ""


def test_a_decision_is_taken_once(data_dir, technician):
    kept = quarantined(PixelData=bytes(32))
    decided(kept, QuarantineDecision.DISCARDED, technician)
    for decision in (QuarantineDecision.DISCARDED, QuarantineDecision.SEPARATED):
        with pytest.raises(DecidedMeanwhile):
            decided(kept, decision, technician)
    assert Instance.objects.count() == 1
    assert list(settings.NOCTIS_DATA.incoming.iterdir()) == []


def test_an_object_is_filed_beside_the_one_whose_uid_it_bears(data_dir, technician):
    kept = quarantined(PixelData=bytes(32))
    came = quarantine_path(kept).read_bytes()
    stored = (settings.NOCTIS_DATA.storage / Instance.objects.get().path).read_bytes()
    decided(kept, QuarantineDecision.SEPARATED, technician)

    first, second = Instance.objects.order_by("pk")
    assert second.sop_instance_uid == kept.filed_as != kept.sop_instance_uid
    assert second.series == first.series
    copy = dcmread(settings.NOCTIS_DATA.storage / second.path)
    assert copy.PixelData == bytes(32)
    assert copy.file_meta.MediaStorageSOPInstanceUID == copy.SOPInstanceUID == kept.filed_as
    change = copy.OriginalAttributesSequence[0]
    assert change.ModifiedAttributesSequence[0].SOPInstanceUID == kept.sop_instance_uid
    assert (change.ModifyingSystem, change.ReasonForTheAttributeModification) == ("Noctis", "CORRECT")
    assert (settings.NOCTIS_DATA.storage / first.path).read_bytes() == stored
    assert quarantine_path(kept).read_bytes() == came

    deliver(image(PixelData=bytes(32)), reception())  # the modality tries once more
    indexer.index_spool()
    assert Instance.objects.count() == 2
    assert not QuarantinedObject.objects.undecided().exists()


def test_images_of_another_patient_become_one_study_of_their_own(data_dir, technician):
    delivery = reception()
    deliver(image(), delivery)
    for number in (2, 3):
        deliver(image(instance=number, PatientID="P2", PatientName="Other^Eve"), delivery)
    indexer.index_spool()
    waiting = objects_like(QuarantinedObject.objects.latest("pk"))
    assert len(waiting) == 2
    for kept in waiting:
        decided(kept, QuarantineDecision.SEPARATED, technician)
    studies = Study.objects.order_by("pk").values_list("patient_identifier", "series_count", "instance_count")
    assert list(studies) == [("P1", 1, 1), ("P2", 1, 2)]
    assert not QuarantinedObject.objects.undecided().exists()


def test_an_image_of_the_same_patient_under_another_id_is_filed_as_it_came(data_dir, technician):
    kept = quarantined(instance=2, PatientID="P2", PatientName="Phantom^Ada")
    came = quarantine_path(kept).read_bytes()
    decided(kept, QuarantineDecision.ACCEPTED, technician)
    study = Study.objects.get()
    assert study.instance_count == 2
    filed = Instance.objects.get(sop_instance_uid=kept.sop_instance_uid)
    assert (settings.NOCTIS_DATA.storage / filed.path).read_bytes() == came
    assert not StudyFlag.objects.open().exists()

    deliver(image(instance=3, PatientID="P2"), reception())  # nobody confirmed this one
    indexer.index_spool()
    assert QuarantinedObject.objects.undecided().get().sop_instance_uid.endswith(".3")


def test_what_was_accepted_is_found_again_in_an_index_made_anew(data_dir, technician):
    decided(quarantined(instance=2, PatientID="P2"), QuarantineDecision.ACCEPTED, technician)
    facility = Study.objects.get().facility
    for model in (StudyFlag, Instance, Study, QuarantinedObject):
        model.objects.all().delete()
    rebuild_index(facility)
    assert Instance.objects.count() == 2
    assert not QuarantinedObject.objects.exists()


def test_an_object_that_cannot_be_read_stays(data_dir, technician):
    delivery = reception()
    receipt = deliver(image(), delivery)
    whole = receipt.spooled.read_bytes()
    receipt.spooled.write_bytes(whole[:-8])
    indexer.index_spool()
    kept = QuarantinedObject.objects.get()
    with pytest.raises(NotDecided, match="still cannot be read"):
        decided(kept, QuarantineDecision.RETRIED, technician)
    assert QuarantinedObject.objects.undecided().count() == 1

    quarantine_path(kept).write_bytes(whole)  # somebody mended the disk
    decided(kept, QuarantineDecision.RETRIED, technician)
    assert Instance.objects.get().sop_instance_uid == kept.filed_as


def test_a_try_in_vain_asks_again(data_dir, technician):
    kept = quarantined(instance=2, PatientID="P2")
    decided(kept, QuarantineDecision.RETRIED, technician)
    assert kept.decision == ""
    assert QuarantinedObject.objects.count() == 1
    assert list(settings.NOCTIS_DATA.ready.iterdir()) == []


def test_what_a_crash_kept_from_the_spool_is_sent_again(data_dir, technician):
    kept = quarantined(instance=2, PatientID="P2")
    decide(kept, QuarantineDecision.ACCEPTED, explanation="Same", acting_user=technician, address=None)
    for path in settings.NOCTIS_DATA.ready.iterdir():
        path.unlink()
    assert send_again() == 0  # it may still be on its way
    QuarantinedObject.objects.update(decided_at=timezone.now() - 2 * FILING_TAKES)
    assert send_again() == 1
    indexer.index_spool()
    assert Study.objects.get().instance_count == 2
    assert send_again() == 0


def test_only_what_makes_sense_can_be_decided(data_dir, technician):
    kept = quarantined(PixelData=bytes(32))
    for decision in (QuarantineDecision.ACCEPTED, QuarantineDecision.RETRIED):
        with pytest.raises(NotDecided):
            decided(kept, decision, technician)
    quarantine_path(kept).unlink()
    with pytest.raises(NotDecided, match="missing"):
        decided(kept, QuarantineDecision.SEPARATED, technician)
