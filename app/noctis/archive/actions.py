"""What people decide about what is filed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import StudyFlag
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


def _record(action: Action, flag: StudyFlag, acting_user: User) -> None:
    record(
        action,
        acting_user=acting_user,
        facility=flag.study.facility,
        study_instance_uid=flag.study.study_instance_uid,
        flag=flag.pk,
        reason=flag.reason,
    )
