"""Tells people what the archive announces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.urls import reverse

from noctis.accounts.models import User
from noctis.archive.models import QuarantinedObject, Study
from noctis.archive.signals import objects_quarantined, studies_ready
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.models import EventPreference
from noctis.notifications.recipients import administrators, technicians


@receiver(studies_ready, dispatch_uid="readers_are_told_of_arrivals")
def tell_of_arrivals(study_ids: Sequence[int], **_: Any) -> None:
    """Tell those who asked for it that studies are complete."""
    asked = EventPreference.objects.filter(event=Event.STUDY_ARRIVED).filter(Q(in_app=True) | ~Q(mail=MailChoice.OFF))
    readers = list(User.objects.filter(pk__in=asked.values("user"), is_active=True))
    if not readers:
        return
    for study in Study.objects.filter(pk__in=study_ids).select_related("facility"):
        notify(Event.STUDY_ARRIVED, recipients=readers, study=study)


@receiver(objects_quarantined, dispatch_uid="technicians_are_told_of_quarantine")
def tell_of_quarantine(quarantined_ids: Sequence[int], **_: Any) -> None:
    """Tell who decides about quarantined objects; what is not read yet is counted by facility and reason."""
    for kept in QuarantinedObject.objects.filter(pk__in=quarantined_ids).select_related("facility"):
        notify(
            Event.OBJECT_QUARANTINED,
            recipients=[*technicians(kept.facility), *administrators()],
            text=f"{kept.facility}: {kept.get_reason_display()}",
            path=reverse("quality_control:inbox"),
            key=f"{kept.facility_id} {kept.reason}",
        )
