"""Refused associations in the audit trail: each kind once in a while, so that a flood does not bury what matters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.admission import AssociationRequest, Refusal

REPEAT_SECONDS = 60.0
ENTRIES_PER_MINUTE = 60
REMEMBERED_KINDS = 1000

Kind = tuple[str, str, str, str]


@dataclass
class _Occurrence:
    noted_at: float
    unnoted: int = 0


@dataclass
class RefusalThrottle:
    """Says which refusals to note: the first of a kind, then one a minute, and never more than 60 a minute in all."""

    clock: Callable[[], float] = time.monotonic
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
            if is_recent or len(self._noted) >= ENTRIES_PER_MINUTE:
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
