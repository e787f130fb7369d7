"""Whether a printed report is genuine: asked by anybody who holds it, by its code, and answered without patient data.

A code has 80 bits, so that nobody finds one by trying; who tries many codes that are none is slowed down all the same,
counted in the database for each address (of IPv6 each /64), so that the count holds for all processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from noctis.reports.models import ReportState
from noctis.reports.output.codes import typed
from noctis.reports.output.document import with_zone
from noctis.reports.output.models import Edition, VerificationAttempt

MOST_MISSES: Final = 20
WITHIN: Final = timedelta(minutes=10)
SHOWN_OF_HASH: Final = 16
_HOST_BITS = 64


class TooManyTries(Exception):
    """The address has tried too many codes that are none."""


@dataclass(frozen=True)
class Confirmation:
    """What is said of a genuine report."""

    state: str
    is_signed: bool
    author: str
    written_at: str
    facility: str
    hash_prefix: str
    is_superseded: bool
    newest: str


def confirm(text: str, address: str | None) -> Confirmation | None:
    """Return what is known of the report with the code ``text``, None where there is none. Raises TooManyTries."""
    network = _network(address)
    now = timezone.now()
    if VerificationAttempt.objects.filter(network=network, at__gt=now - WITHIN).count() >= MOST_MISSES:
        raise TooManyTries
    code = typed(text)
    edition = Edition.objects.select_related("facility").filter(code=code).first() if code else None
    if edition is None:
        _note_miss(network, now)
        return None
    later = Edition.objects.filter(report=edition.report_id).filter(
        Q(version__gt=edition.version) | Q(version=edition.version, addendum__gt=edition.addendum)
    )
    newest = later.order_by("version", "addendum").last()
    return Confirmation(
        state=_state(edition),
        is_signed=edition.is_signed,
        author=edition.author_name,
        written_at=with_zone(edition.written_at),
        facility=edition.facility.name,
        hash_prefix=edition.pdf_sha256[:SHOWN_OF_HASH],
        is_superseded=newest is not None,
        newest=f"{_state(newest)}, {with_zone(newest.written_at)}" if newest else "",
    )


def _state(edition: Edition) -> str:
    if edition.state == ReportState.ADDENDED:
        return f"Final, with {edition.addendum} addend{'um' if edition.addendum == 1 else 'a'}"
    return str(ReportState(edition.state).label)


@transaction.atomic
def _note_miss(network: str, now: datetime) -> None:
    """Count a code that is none; nobody's address is kept for longer than it counts."""
    VerificationAttempt.objects.filter(at__lte=now - WITHIN).delete()
    VerificationAttempt.objects.create(network=network, at=now)


def _network(address: str | None) -> str:
    if address is None:
        return ""
    parsed = ip_address(address)
    return str(ip_network((parsed, _HOST_BITS), strict=False)) if isinstance(parsed, IPv6Address) else address
