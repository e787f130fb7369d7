"""The one way to write the audit trail."""

from __future__ import annotations

from typing import Any

from noctis.accounts.models import Facility, User
from noctis.audit.models import Action, AuditEntry


def record(
    action: Action,
    *,
    acting_user: User | None = None,
    username: str = "",
    ae_title: str = "",
    address: str | None = None,
    facility: Facility | None = None,
    study_instance_uid: str = "",
    **detail: Any,
) -> AuditEntry:
    """Write one entry; ``detail`` takes JSON values that say nothing about the patient but UIDs and counts."""
    return AuditEntry.objects.create(
        action=action,
        user=acting_user,
        username=acting_user.username if acting_user else username[:150],
        ae_title=ae_title[:16],
        address=address or None,
        facility=facility,
        study_instance_uid=study_instance_uid,
        detail=detail,
    )
