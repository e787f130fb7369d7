"""What opening a study leaves behind."""

from __future__ import annotations

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action


def note_opened(study: Study, *, acting_user: User, address: str | None) -> None:
    """Record that somebody opened a study in the viewer."""
    record(
        Action.STUDY_OPENED,
        acting_user=acting_user,
        address=address,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
    )
