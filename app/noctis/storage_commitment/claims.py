"""Who works on a request: one at a time, across threads, processes and hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from noctis.storage_commitment.models import CommitmentRequest, CommitmentState

CLAIM: Final = timedelta(seconds=60)
EXTEND_AFTER: Final = CLAIM / 3


class ClaimLost(Exception):
    """The claim lapsed and somebody else may work on the request."""


@dataclass
class Claim:
    """The right to work on a request until then; every write about the request requires it."""

    request_id: int
    until: datetime

    def keep(self, needed: timedelta = CLAIM - EXTEND_AFTER) -> None:
        """Make sure that the claim lasts for the time ``needed``, at most ``CLAIM``. Raises ClaimLost."""
        now = timezone.now()
        if self.until - now >= needed:
            return
        until = now + CLAIM
        held = CommitmentRequest.objects.filter(pk=self.request_id, claimed_until=self.until)
        if not held.update(claimed_until=until):
            raise ClaimLost
        self.until = until


def claim(request_id: int, state: CommitmentState) -> Claim | None:
    """Claim a request that is due in ``state``; None where somebody else was faster."""
    now = timezone.now()
    until = now + CLAIM
    free = CommitmentRequest.objects.unclaimed(now).filter(pk=request_id, state=state)
    return Claim(request_id, until) if free.update(claimed_until=until) else None
