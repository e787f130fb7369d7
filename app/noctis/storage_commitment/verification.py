"""Verification: an instance is committed when it is filed for the caller's facility and its bytes are as received."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from noctis.archive.models import Instance, QuarantineDecision, QuarantinedObject
from noctis.storage_commitment.actions import note_integrity_error, note_outcomes, note_verified
from noctis.storage_commitment.claims import Claim
from noctis.storage_commitment.models import CommitmentReference, CommitmentRequest, Outcome

CHUNK: Final = 100
READ_BYTES: Final = 1024 * 1024
NANOSECONDS: Final = 1_000_000_000

IsStopping = Callable[[], bool]
_FIELDS: Final = (
    "sop_instance_uid",
    "sop_class_uid",
    "path",
    "data_set_offset",
    "file_size",
    "sha256",
    "series__study__study_instance_uid",
)


class NotReady(Exception):
    """Verification cannot begin yet; the text says why."""


class _Interrupted(Exception):
    """Somebody else shall go on."""


class _NotAsReceived(Exception):
    """The bytes of an instance are gone or changed; the text says how."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


@dataclass(frozen=True)
class _Stored:
    """An indexed instance."""

    sop_instance_uid: str
    sop_class_uid: str
    path: str
    data_set_offset: int
    file_size: int
    sha256: str
    study_instance_uid: str


def verify(claim: Claim, is_stopping: IsStopping) -> bool:
    """Find out the outcome of every reference of a claimed request; False where ``is_stopping`` came to hold first.

    What was found out is written down as it goes, so that nothing is read twice by who goes on. Raises NotReady, and
    ClaimLost.
    """
    request = CommitmentRequest.objects.select_related("facility").get(pk=claim.request_id)
    _require_readiness(request.requested_at)

    def go_on() -> None:
        if is_stopping():
            raise _Interrupted
        claim.keep()

    while references := list(request.references.filter(outcome=None).order_by("pk")[:CHUNK]):
        outcomes: dict[int, Outcome] = {}
        try:
            for pk, outcome in _outcomes(request, references, go_on):
                outcomes[pk] = outcome  # noqa: PERF403  (what was found before an interruption is kept)
        except _Interrupted:
            return False
        finally:
            note_outcomes(outcomes)
    note_verified(claim)
    return True


def is_filed_up_to(moment: datetime) -> bool:
    """Whether everything that was acknowledged before ``moment`` has left the spool: a sender reads its own writes."""
    latest = f"{int(moment.timestamp() * NANOSECONDS):020d}"
    return all(name >= latest for name in os.listdir(settings.NOCTIS_DATA.ready))  # noqa: PTH208  (names suffice)


def _require_readiness(requested_at: datetime) -> None:
    if not is_filed_up_to(requested_at):
        raise NotReady("What was received before is not filed yet.")
    try:
        is_empty = next(settings.NOCTIS_DATA.storage.iterdir(), None) is None
    except OSError as error:
        raise NotReady(f"The storage folder cannot be read: {error.strerror}.") from error
    if is_empty and Instance.objects.exists():
        raise NotReady("The storage folder is empty. Is its file system mounted?")


def _outcomes(
    request: CommitmentRequest, references: Sequence[CommitmentReference], go_on: Callable[[], None]
) -> Iterator[tuple[int, Outcome]]:
    stored, in_quarantine = _what_is_known(request, [one.sop_instance_uid for one in references])
    for reference in references:
        go_on()
        uid = reference.sop_instance_uid
        if uid in in_quarantine:
            yield reference.pk, Outcome.PROCESSING_FAILURE
        elif uid not in stored:
            yield reference.pk, Outcome.NO_SUCH_INSTANCE
        elif stored[uid].sop_class_uid != reference.sop_class_uid:
            yield reference.pk, Outcome.CLASS_INSTANCE_CONFLICT
        else:
            yield reference.pk, _outcome_of_bytes(request, stored[uid], go_on)


def _what_is_known(request: CommitmentRequest, uids: Sequence[str]) -> tuple[Mapping[str, _Stored], frozenset[str]]:
    """Return what the facility has of these instances, and which of them are in quarantine and not filed since.

    One that was discarded, or filed with another UID, is still not the stored one that the device asks about.
    """
    facility = request.facility
    rows = Instance.objects.visible_to_facility(facility).filter(sop_instance_uid__in=uids).values_list(*_FIELDS)
    quarantined = QuarantinedObject.objects.visible_to_facility(facility).filter(sop_instance_uid__in=uids)
    kept = quarantined.exclude(decision__in=(QuarantineDecision.ACCEPTED, QuarantineDecision.RETRIED))
    return {row[0]: _Stored(*row) for row in rows}, frozenset(kept.values_list("sop_instance_uid", flat=True))


def _outcome_of_bytes(request: CommitmentRequest, stored: _Stored, go_on: Callable[[], None]) -> Outcome:
    try:
        _require_bytes_as_received(stored, go_on)
    except _NotAsReceived as error:
        note_integrity_error(
            request,
            sop_instance_uid=stored.sop_instance_uid,
            study_instance_uid=stored.study_instance_uid,
            why=str(error),
        )
        return error.outcome
    return Outcome.COMMITTED


def _require_bytes_as_received(stored: _Stored, go_on: Callable[[], None]) -> None:
    digest = hashlib.sha256()
    try:
        with (settings.NOCTIS_DATA.storage / stored.path).open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != stored.file_size:
                raise _NotAsReceived(Outcome.PROCESSING_FAILURE, "its file has another size than when it was received")
            file.seek(stored.data_set_offset)
            while chunk := file.read(READ_BYTES):
                digest.update(chunk)
                go_on()
    except FileNotFoundError as error:
        raise _NotAsReceived(Outcome.NO_SUCH_INSTANCE, "its file is missing") from error
    except OSError as error:
        raise _NotAsReceived(Outcome.PROCESSING_FAILURE, f"its file cannot be read: {error.strerror}") from error
    if digest.hexdigest() != stored.sha256:
        raise _NotAsReceived(Outcome.PROCESSING_FAILURE, "its bytes are not those that were received")
