"""HL7 receivers: added and changed by administrators."""

from __future__ import annotations

from django.db import transaction

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.output.models import Hl7Receiver
from noctis.reports.output.queue import release


@transaction.atomic
def save_receiver(receiver: Hl7Receiver, *, acting_user: User) -> None:
    """Keep a receiver that was checked; what waits for it is tried at once."""
    is_new = receiver.pk is None
    receiver.save()
    release(receiver)
    record(
        Action.HL7_RECEIVER_ADDED if is_new else Action.HL7_RECEIVER_CHANGED,
        acting_user=acting_user,
        facility=receiver.facility,
        receiver=receiver.name,
        host=receiver.host,
        port=receiver.port,
        tls=receiver.uses_tls,
        active=receiver.is_active,
    )
