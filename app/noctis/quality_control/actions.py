"""Accepting studies, rejecting images, and taking either back. No byte of an image changes because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.actions import hold_back, let_read, note_rejected
from noctis.archive.authored import put_into_archive
from noctis.archive.ingest import AUTHORED
from noctis.archive.models import Instance, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.quality_control.models import Acceptance, Rejection, RejectReason
from noctis.quality_control.rejection_note import rejection_note


@dataclass(frozen=True)
class Choice:
    """Images of a study: whole series by their UID, and single ones by theirs; or all of them."""

    series: Collection[str] = ()
    images: Collection[str] = ()
    whole_study: bool = False

    def among(self, study: Study) -> list[Instance]:
        """Return the chosen instances of ``study`` in their order; what it does not have does not count."""
        instances = Instance.objects.filter(series__study=study)
        if not self.whole_study:
            chosen = Q(series__series_instance_uid__in=self.series) | Q(sop_instance_uid__in=self.images)
            instances = instances.filter(chosen)
        return list(instances.order_by("series_id", "instance_number", "pk"))


@dataclass(frozen=True)
class Verdict:
    """Why images are rejected, and whether they are to be made again."""

    reason: RejectReason
    comment: str = ""
    is_repeat_requested: bool = False


@transaction.atomic
def accept_study(study: Study, *, acting_user: User) -> Acceptance:
    """Note that somebody looked a study through: it is ready to be read, but for its rejected images."""
    _lock(study)
    count = sent_objects(study).count()
    accepted, _ = Acceptance.objects.update_or_create(
        study=study,
        defaults={"accepted_by": acting_user, "accepted_at": timezone.now(), "instance_count": count},
    )
    let_read(study)
    _record(Action.STUDY_ACCEPTED, study, acting_user, instances=count)
    return accepted


def sent_objects(study: Study) -> QuerySet[Instance]:
    """Return what came from outside: what people make here needs nobody's acceptance."""
    return Instance.objects.filter(series__study=study).exclude(reception__protocol=AUTHORED)


@transaction.atomic
def undo_acceptance(study: Study, *, acting_user: User) -> bool:
    """Take an acceptance back; False where there is none."""
    _lock(study)
    removed, _ = Acceptance.objects.filter(study=study).delete()
    if removed:
        hold_back(study)
        _record(Action.STUDY_ACCEPTANCE_UNDONE, study, acting_user)
    return bool(removed)


@transaction.atomic
def reject(study: Study, choice: Choice, verdict: Verdict, *, acting_user: User) -> int:
    """Reject the chosen images; what is rejected already keeps its reason. Return the number of new rejections."""
    _lock(study)
    rejected = set(Rejection.objects.of_study(study).values_list("instance", flat=True))
    instances = [one for one in choice.among(study) if one.pk not in rejected]
    now = timezone.now()
    Rejection.objects.bulk_create(
        Rejection(
            instance=instance,
            reason=verdict.reason,
            comment=verdict.comment,
            is_repeat_requested=verdict.is_repeat_requested,
            rejected_by=acting_user,
            rejected_at=now,
        )
        for instance in instances
    )
    if instances:
        note_rejected(study, len(rejected) + len(instances))
        _record_images(Action.IMAGES_REJECTED, study, instances, acting_user, reason=verdict.reason.pk)
    return len(instances)


@transaction.atomic
def restore(study: Study, choice: Choice, *, acting_user: User) -> int:
    """Take the rejection of the chosen images back; return how many there were."""
    _lock(study)
    chosen = {instance.pk: instance for instance in choice.among(study)}
    standing = Rejection.objects.of_study(study)
    taken_back = [one for one in standing if one.instance_id in chosen]
    Rejection.objects.filter(pk__in=[one.pk for one in taken_back]).update(
        undone_at=timezone.now(), undone_by=acting_user
    )
    if taken_back:
        note_rejected(study, Rejection.objects.of_study(study).count())
        instances = [chosen[one.instance_id] for one in taken_back]
        _record_images(Action.IMAGES_UNREJECTED, study, instances, acting_user)
    return len(taken_back)


def tell_other_systems(study: Study, *, acting_user: User, address: str | None) -> int:
    """Put a rejection note into the study for the images that none names yet; return how many it names.

    Never within a transaction. Raises OSError where the disk refuses; nothing is noted then.
    """
    untold = list(Rejection.objects.of_study(study).filter(note_uid="").select_related("instance__series__study"))
    if not untold:
        return 0
    note = rejection_note(untold, acting_user)
    receipt = put_into_archive(note, study, acting_user=acting_user, address=address)
    with transaction.atomic():
        rows = Rejection.objects.filter(pk__in=[one.pk for one in untold])
        rows.update(note_uid=receipt.sop_instance_uid)
        _record(
            Action.KEY_OBJECTS_STORED,
            study,
            acting_user,
            sop_instance_uid=receipt.sop_instance_uid,
            title="113001",
            images=len(untold),
        )
    return len(untold)


@transaction.atomic
def recount(studies: Iterable[Study]) -> None:
    """Count the rejected images of studies anew, such as after images moved from one to another."""
    for study in studies:
        note_rejected(study, Rejection.objects.of_study(study).count())


@transaction.atomic
def save_reason(reason: RejectReason, *, acting_user: User) -> None:
    """Add or change a reason of the list."""
    reason.save()
    record(Action.REJECT_REASON_CHANGED, acting_user=acting_user, reason=reason.pk, is_active=reason.is_active)


def _lock(study: Study) -> None:
    """Let two people who decide about one study do so one after the other."""
    Study.objects.select_for_update().filter(pk=study.pk).first()


def _record_images(action: Action, study: Study, instances: list[Instance], user: User, **detail: int) -> None:
    named = [instance.sop_instance_uid for instance in instances[:100]]
    _record(action, study, user, count=len(instances), sop_instance_uids=named, **detail)


def _record(action: Action, study: Study, user: User, **detail: Any) -> None:
    record(
        action,
        acting_user=user,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        **detail,
    )
