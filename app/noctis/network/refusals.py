"""Refused associations, in the audit trail and counted; a flood neither buries what matters nor fills the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.admission import AssociationRequest, Refusal
from noctis.network.models import RefusedAssociation

REPEAT_SECONDS = 60.0
ENTRIES_PER_MINUTE = 60
REMEMBERED_KINDS = 1000
COUNTED_KINDS = 1000
LONGEST_REASON = 200

Kind = tuple[str, str, str, str]


@dataclass
class _Occurrence:
    noted_at: float
    unnoted: int = 0


@dataclass
class RefusalThrottle:
    """Says which refusals to note: the first of a kind, then one a minute, and never more than 60 a minute in all.

    Without ``holds_back_repetitions`` only the second bound counts.
    """

    clock: Callable[[], float] = time.monotonic
    holds_back_repetitions: bool = True
    _seen: dict[Kind, _Occurrence] = field(default_factory=dict)
    _noted: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def repetitions_to_note(self, kind: Kind) -> int | None:
        """Return how many like this went unnoted before, or None where this one shall not be noted either."""
        with self._lock:
            now = self.clock()
            self._noted = [at for at in self._noted if now - at < REPEAT_SECONDS]
            earlier = self._seen.pop(kind, None)
            is_recent = earlier is not None and now - earlier.noted_at < REPEAT_SECONDS
            if (is_recent and self.holds_back_repetitions) or len(self._noted) >= ENTRIES_PER_MINUTE:
                self._remember(kind, earlier or _Occurrence(now - REPEAT_SECONDS), unnoted=True)
                return None
            self._noted.append(now)
            self._remember(kind, _Occurrence(now), unnoted=False)
            return earlier.unnoted if earlier else 0

    def _remember(self, kind: Kind, occurrence: _Occurrence, *, unnoted: bool) -> None:
        occurrence.unnoted += unnoted
        self._seen[kind] = occurrence
        if len(self._seen) > REMEMBERED_KINDS:
            del self._seen[next(iter(self._seen))]


def note_refusal(request: AssociationRequest, refusal: Refusal, throttle: RefusalThrottle) -> None:
    """Write a refusal to the audit trail, unless the throttle holds it back."""
    kind = (request.address, request.calling_ae_title, request.called_ae_title, refusal.rejection.name)
    repetitions = throttle.repetitions_to_note(kind)
    if repetitions is None:
        return
    record(
        Action.ASSOCIATION_REFUSED,
        ae_title=request.calling_ae_title,
        address=request.address,
        reason=refusal.reason,
        called_ae_title=request.called_ae_title,
        refused_before=repetitions,
    )


def count_refusal(request: AssociationRequest, refusal: Refusal, throttle: RefusalThrottle) -> None:
    """Count a refusal for the administration page; in a flood what the throttle holds back is counted later."""
    reason = refusal.reason[:LONGEST_REASON]
    kind = (request.address, request.calling_ae_title, request.called_ae_title, reason)
    earlier = throttle.repetitions_to_note(kind)
    if earlier is None:
        return
    now, count = timezone.now(), earlier + 1
    same = RefusedAssociation.objects.filter(
        ae_title=request.calling_ae_title[:16], address=request.address, reason=reason
    )
    changes = {"count": F("count") + count, "last_at": now, "called_ae_title": request.called_ae_title[:16]}
    if same.update(**changes):
        return
    try:
        with transaction.atomic():
            RefusedAssociation.objects.create(
                ae_title=request.calling_ae_title[:16],
                called_ae_title=request.called_ae_title[:16],
                address=request.address,
                reason=reason,
                count=count,
                first_at=now,
                last_at=now,
            )
    except IntegrityError:  # another process was faster
        same.update(**changes)
    _forget_oldest()


def _forget_oldest() -> None:
    """Keep the latest kinds only: titles and addresses are the peer's to invent."""
    surplus = list(RefusedAssociation.objects.values_list("pk", flat=True)[COUNTED_KINDS:])
    if surplus:
        RefusedAssociation.objects.filter(pk__in=surplus).delete()
