"""What people decide about what is filed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import FacilityRule, Study, StudyFlag, StudyStatus
from noctis.archive.signals import announce, studies_changed, studies_ready
from noctis.audit.actions import record
from noctis.audit.models import Action


@transaction.atomic
def resolve_flag(flag: StudyFlag, *, resolution: str, acting_user: User) -> bool:
    """Take a flag down, with what somebody found out; False where somebody else was faster.

    The audit trail has who and when; what was found out may name the patient and stays with the flag.
    """
    changes = {"resolved_at": timezone.now(), "resolved_by": acting_user, "resolution": resolution}
    if not StudyFlag.objects.filter(pk=flag.pk, resolved_at=None).update(**changes):
        return False
    _record(Action.FLAG_RESOLVED, flag, acting_user)
    return True


@transaction.atomic
def reopen_flag(flag: StudyFlag, *, acting_user: User) -> bool:
    """Put a flag up again; what was written of it stays for who looks at it next."""
    resolved = StudyFlag.objects.filter(pk=flag.pk, resolved_at__isnull=False)
    if not resolved.update(resolved_at=None, resolved_by=None):
        return False
    _record(Action.FLAG_REOPENED, flag, acting_user)
    return True


@transaction.atomic
def let_read(study: Study) -> None:
    """Call a study ready that waited for quality control."""
    waiting = Study.objects.filter(pk=study.pk, status=StudyStatus.UNCHECKED)
    if waiting.update(status=StudyStatus.READY, changed_at=timezone.now()):
        announce(studies_ready, [study.pk])


@transaction.atomic
def hold_back(study: Study) -> None:
    """Let a study wait for quality control again, where its facility wants that."""
    if FacilityRule.objects.filter(facility=study.facility_id, checks_before_reading=True).exists():
        ready = Study.objects.filter(pk=study.pk, status=StudyStatus.READY)
        if ready.update(status=StudyStatus.UNCHECKED, changed_at=timezone.now()):
            announce(studies_changed, [study.pk])


@transaction.atomic
def note_rejected(study: Study, rejected_count: int) -> None:
    """Note how many instances of a study are rejected."""
    if Study.objects.filter(pk=study.pk).update(rejected_count=rejected_count, changed_at=timezone.now()):
        announce(studies_changed, [study.pk])


@transaction.atomic
def check_before_reading(facility: Facility, *, is_wanted: bool, acting_user: User) -> None:
    """Let a facility's studies wait until they are accepted, or no more; those that wait are then ready."""
    FacilityRule.objects.update_or_create(facility=facility, defaults={"checks_before_reading": is_wanted})
    waiting = [] if is_wanted else _waiting_studies(facility)
    if waiting:
        Study.objects.filter(pk__in=waiting).update(status=StudyStatus.READY, changed_at=timezone.now())
        announce(studies_ready, waiting)
    record(Action.SETTING_CHANGED, acting_user=acting_user, facility=facility, checks_before_reading=is_wanted)


def _waiting_studies(facility: Facility) -> list[int]:
    found = Study.objects.select_for_update().filter(facility=facility, status=StudyStatus.UNCHECKED)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _record(action: Action, flag: StudyFlag, acting_user: User) -> None:
    record(
        action,
        acting_user=acting_user,
        facility=flag.study.facility,
        study_instance_uid=flag.study.study_instance_uid,
        flag=flag.pk,
        reason=flag.reason,
    )
