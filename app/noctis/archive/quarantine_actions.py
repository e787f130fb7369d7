"""What people decide about quarantined objects. Stored bytes are never touched; quarantined ones stay as they came.

An object that goes on to the archive takes the way of a new one, through the spool: only the indexer files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.actions import resolve_flag
from noctis.archive.header import NotStorable, read_header
from noctis.archive.ingest import SpooledName
from noctis.archive.models import (
    FlagReason,
    Instance,
    QuarantineDecision,
    QuarantinedObject,
    QuarantineReason,
    StudyFlag,
)
from noctis.archive.separation import separate_copy
from noctis.archive.storage_area import make_durable
from noctis.audit.actions import record
from noctis.audit.models import Action

POSSIBLE: Final[Mapping[QuarantineReason, tuple[QuarantineDecision, ...]]] = {
    QuarantineReason.UNREADABLE: (QuarantineDecision.RETRIED, QuarantineDecision.DISCARDED),
    QuarantineReason.SAME_UID_OTHER_BYTES: (QuarantineDecision.DISCARDED, QuarantineDecision.SEPARATED),
    QuarantineReason.STUDY_OF_ANOTHER_PATIENT: (
        QuarantineDecision.ACCEPTED,
        QuarantineDecision.SEPARATED,
        QuarantineDecision.RETRIED,
        QuarantineDecision.DISCARDED,
    ),
    QuarantineReason.STUDY_OF_ANOTHER_FACILITY: (
        QuarantineDecision.SEPARATED,
        QuarantineDecision.RETRIED,
        QuarantineDecision.DISCARDED,
    ),
}
FILING_TAKES: Final = timedelta(minutes=5)


class NotDecided(Exception):
    """The decision does not stand; the text says why and what to do."""


class DecidedMeanwhile(NotDecided):
    """Somebody else was faster."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Somebody decided about this object meanwhile. Nothing was changed.")


def quarantine_path(kept: QuarantinedObject) -> Path:
    """Return where the bytes of a quarantined object lie."""
    folder: Path = settings.NOCTIS_DATA.quarantine
    return folder / kept.path


def decide(
    kept: QuarantinedObject, decision: QuarantineDecision, *, explanation: str, acting_user: User, address: str | None
) -> None:
    """Do with an object what somebody decided, and resolve the flag that it raised when it was the last one.

    Raises NotDecided where that cannot be done, OSError where the disk refuses. Never within a transaction.
    """
    if decision not in POSSIBLE[QuarantineReason(kept.reason)]:
        raise NotDecided("This cannot be done with an object that is here for this reason.")
    carry_out = _CARRY_OUT[decision]
    carry_out(kept, explanation, acting_user, address)
    _resolve_flags(kept, explanation, acting_user)


@transaction.atomic
def take_back(kept: QuarantinedObject, *, acting_user: User) -> None:
    """Let a discarded object wait for a decision again. Raises DecidedMeanwhile where it is not there any more."""
    discarded = QuarantinedObject.objects.filter(pk=kept.pk, decision=QuarantineDecision.DISCARDED)
    if not discarded.update(decision="", decided_at=None, decided_by=None):
        raise DecidedMeanwhile
    _record(Action.QUARANTINE_DECISION_UNDONE, kept, acting_user)


@transaction.atomic
def note_download(kept: QuarantinedObject, *, acting_user: User, address: str | None) -> None:
    """Write down that somebody took a copy of a quarantined object for a closer look."""
    _record(Action.QUARANTINED_OBJECT_READ, kept, acting_user, address)


def remove_discarded(before: datetime) -> int:
    """Remove what was discarded before a moment, for ever; return the number of objects."""
    old = QuarantinedObject.objects.filter(decision=QuarantineDecision.DISCARDED, decided_at__lt=before)
    for kept in (found := list(old.select_related("facility"))):
        quarantine_path(kept).unlink(missing_ok=True)
        with transaction.atomic():
            record(Action.QUARANTINED_OBJECT_REMOVED, facility=kept.facility, **_names(kept))
            kept.delete()
    return len(found)


def send_again() -> int:
    """Put into the spool what was decided to be filed and did not get there, as after a crash; return the number."""
    filed = Instance.objects.filter(sop_instance_uid=OuterRef("filed_as"), sha256=OuterRef("sha256"))
    lost = QuarantinedObject.objects.filter(
        ~Exists(filed),
        decision__in=(QuarantineDecision.ACCEPTED, QuarantineDecision.RETRIED),
        decided_at__lt=timezone.now() - FILING_TAKES,
    )
    waiting = any(settings.NOCTIS_DATA.ready.glob("*.dcm"))
    for kept in (found := [] if waiting else list(lost)):
        _put_into_spool(quarantine_path(kept))
    return len(found)


def _discard(kept: QuarantinedObject, explanation: str, user: User, address: str | None) -> None:
    with transaction.atomic():
        _claim(kept, QuarantineDecision.DISCARDED, explanation, user, address)


def _accept(kept: QuarantinedObject, explanation: str, user: User, address: str | None) -> None:
    _send_to_indexer(kept, QuarantineDecision.ACCEPTED, explanation, user, address)


def _retry(kept: QuarantinedObject, explanation: str, user: User, address: str | None) -> None:
    _send_to_indexer(kept, QuarantineDecision.RETRIED, explanation, user, address)


def _send_to_indexer(
    kept: QuarantinedObject, decision: QuarantineDecision, explanation: str, user: User, address: str | None
) -> None:
    path = quarantine_path(kept)
    try:
        uid = read_header(path).sop_instance_uid
    except NotStorable as error:
        raise NotDecided(f"It still cannot be read. {error} It stays here.") from error
    except FileNotFoundError as error:
        raise NotDecided("Its file is missing from the quarantine folder. Restore it from a backup.") from error
    with transaction.atomic():
        _claim(kept, decision, explanation, user, address, filed_as=uid)
        transaction.on_commit(partial(_put_into_spool, path))  # the indexer must find the decision


def _separate(kept: QuarantinedObject, explanation: str, user: User, address: str | None) -> None:
    """File a copy with new UIDs; the object itself stays in quarantine for ever, as it came."""
    try:
        with (
            separate_copy(kept, quarantine_path(kept), acting_user=user, address=address) as copy,
            transaction.atomic(),
        ):
            _claim(kept, QuarantineDecision.SEPARATED, explanation, user, address, filed_as=copy.sop_instance_uid)
            copy.hand_over()
    except NotStorable as error:
        raise NotDecided(f"No copy can be made of it. {error} Download it, and send it anew when mended.") from error
    except FileNotFoundError as error:
        raise NotDecided("Its file is missing from the quarantine folder. Restore it from a backup.") from error


_CARRY_OUT: Final[Mapping[QuarantineDecision, Callable[[QuarantinedObject, str, User, str | None], None]]] = {
    QuarantineDecision.DISCARDED: _discard,
    QuarantineDecision.ACCEPTED: _accept,
    QuarantineDecision.RETRIED: _retry,
    QuarantineDecision.SEPARATED: _separate,
}


def _claim(
    kept: QuarantinedObject,
    decision: QuarantineDecision,
    explanation: str,
    user: User,
    address: str | None,
    filed_as: str = "",
) -> None:
    changed = QuarantinedObject.objects.undecided().filter(pk=kept.pk)
    if not changed.update(
        decision=decision, explanation=explanation, filed_as=filed_as, decided_at=timezone.now(), decided_by=user
    ):
        raise DecidedMeanwhile
    _record(Action.QUARANTINE_DECIDED, kept, user, address, decision=decision, filed_as=filed_as)


def _put_into_spool(path: Path) -> None:
    """Link a quarantined file into the spool, under a name of its own: should it come back, it must not meet itself."""
    name = SpooledName.parse(path.name)
    ready: Path = settings.NOCTIS_DATA.ready
    taken = {one.name for one in (*ready.iterdir(), *path.parent.iterdir())}
    received = name.received_ns
    while str(other := SpooledName(received, name.reception_id, name.data_set_offset, name.sha256)) in taken:
        received += 1
    with suppress(FileExistsError):
        os.link(path, ready / str(other))
    make_durable(ready)


def _resolve_flags(kept: QuarantinedObject, explanation: str, acting_user: User) -> None:
    """Take down what the object raised, as far as nothing else of its study waits for the same reason."""
    if kept.reason not in FlagReason.values:
        return
    same = QuarantinedObject.objects.undecided().filter(facility=kept.facility_id, reason=kept.reason)
    if same.filter(study_instance_uid=kept.study_instance_uid).exists():
        return
    flags = StudyFlag.objects.open().filter(study__facility=kept.facility_id, reason=kept.reason)
    study = flags.filter(study__study_instance_uid=kept.study_instance_uid)
    for flag in study.select_related("study__facility"):
        resolve_flag(flag, resolution=explanation, acting_user=acting_user)


def _record(action: Action, kept: QuarantinedObject, user: User, address: str | None = None, **detail: str) -> None:
    record(action, acting_user=user, address=address, facility=kept.facility, **_names(kept), **detail)


def _names(kept: QuarantinedObject) -> dict[str, Any]:
    return {
        "study_instance_uid": kept.study_instance_uid,
        "sop_instance_uid": kept.sop_instance_uid,
        "sha256": kept.sha256,
        "reason": kept.reason,
    }


def objects_like(kept: QuarantinedObject) -> Sequence[QuarantinedObject]:
    """Return the undecided objects that wait with this one: of its study, for the same reason; at least itself."""
    same = QuarantinedObject.objects.filter(facility=kept.facility_id, reason=kept.reason)
    if not kept.study_instance_uid:
        return [kept]
    return list(same.undecided().filter(study_instance_uid=kept.study_instance_uid).order_by("pk")) or [kept]
