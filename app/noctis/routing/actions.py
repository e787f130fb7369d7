"""What people do to transmissions: ask for one, stop it, have it tried again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Instance, Series, Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.models import OPEN_STATES, ItemState, Transmission, TransmissionState
from noctis.routing.permissions import destinations_for, may_manage
from noctis.routing.queue import release


class NotAllowed(Exception):
    """The user may not do this; the text says why in one sentence."""


@transaction.atomic
def request_transmission(
    study: Study,
    destination: RemoteApplicationEntity,
    *,
    series: Series | None = None,
    may_leave_facility: bool = False,
    acting_user: User,
    address: str | None = None,
) -> Transmission:
    """Queue a study that the user may see, or one of its series; what still arrives for it goes with it.

    Asking again for what is on its way already changes nothing. Raises NotAllowed.
    """
    if not destinations_for(acting_user, study).filter(pk=destination.pk).exists():
        raise NotAllowed(f"You may not send this study to {destination.ae_title}.")
    leaves_facility = destination.facility_id != study.facility_id
    if leaves_facility and not may_leave_facility:
        raise NotAllowed(f"{destination.ae_title} belongs to {destination.facility}: confirm that images may go there.")
    selection = {"study": study, "series": series, "destination": destination, "rule": None}
    same = Transmission.objects.open().filter(**selection, destination_facility_id=destination.facility_id).first()
    if same is not None:
        return same
    transmission = Transmission.objects.create(
        **selection,
        requested_by=acting_user,
        origin=str(acting_user),
        destination_facility_id=destination.facility_id,
        is_following=True,
        **_expected(study, series),
    )
    further: dict[str, Any] = {"series": series.series_instance_uid} if series else {}
    if leaves_facility:
        further["leaves_facility"] = True
    record(
        Action.TRANSMISSION_REQUESTED,
        acting_user=acting_user,
        address=address,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        destination=destination.ae_title,
        destination_facility=destination.facility.code,
        transmission=transmission.pk,
        **further,
    )
    return transmission


@transaction.atomic
def cancel_transmission(transmission: Transmission, *, acting_user: User, address: str | None = None) -> bool:
    """Stop what is not sent yet; return whether there was something to stop. Raises NotAllowed."""
    _require_permission(transmission, acting_user)
    changed = Transmission.objects.filter(pk=transmission.pk, state__in=OPEN_STATES).update(
        state=TransmissionState.CANCELLED, is_following=False, finished_at=timezone.now()
    )
    if changed:
        _record_change(transmission, "cancelled", acting_user, address)
    return bool(changed)


@transaction.atomic
def retry_transmission(transmission: Transmission, *, acting_user: User, address: str | None = None) -> bool:
    """Try now what waits, failed or was cancelled; return whether there was something to try. Raises NotAllowed."""
    _require_permission(transmission, acting_user)
    locked = Transmission.objects.select_for_update().get(pk=transmission.pk)
    if not locked.can_be_tried:
        return False
    now = timezone.now()
    locked.items.filter(state=ItemState.FAILED).update(state=ItemState.QUEUED, refusals=0, error="", due_at=now)
    locked.items.filter(state=ItemState.QUEUED).update(due_at=now)
    if locked.state == TransmissionState.CANCELLED and locked.rule_id is None:
        locked.is_expanded, locked.is_following = False, True  # with what came while it was stopped
    if locked.waits_for_destination:
        release(locked.destination_id)
        locked.waits_for_destination, locked.attempts = False, 0
    locked.state, locked.next_attempt_at, locked.failed, locked.finished_at = TransmissionState.QUEUED, now, 0, None
    locked.save()
    _record_change(transmission, "tried again", acting_user, address)
    return True


def _expected(study: Study, series: Series | None) -> dict[str, int]:
    """Return how much a request is for, until its instances are listed."""
    if series is None:
        instances = Instance.objects.filter(series__study=study)
        return {"total": study.instance_count, "bytes_total": _bytes(instances)}
    return {"total": series.instance_count, "bytes_total": _bytes(Instance.objects.filter(series=series))}


def _bytes(instances: QuerySet[Instance]) -> int:
    return instances.aggregate(bytes=Sum("file_size"))["bytes"] or 0


def _require_permission(transmission: Transmission, user: User) -> None:
    if not may_manage(user, transmission):
        raise NotAllowed("Only administrators may change this transmission.")


def _record_change(transmission: Transmission, change: str, user: User, address: str | None) -> None:
    record(
        Action.TRANSMISSION_CHANGED,
        acting_user=user,
        address=address,
        facility=transmission.study.facility,
        study_instance_uid=transmission.study.study_instance_uid,
        destination=transmission.destination.ae_title,
        transmission=transmission.pk,
        change=change,
    )
