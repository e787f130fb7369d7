"""Times as other programs write them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Final
from zoneinfo import ZoneInfo

WRITTEN: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?")


def moment(text: str) -> datetime:
    """Read a time of restic (nanoseconds), PostgreSQL (``+00``) or SQLite (UTC without saying so)."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a time")
    day, clock, fraction, zone = found.groups()
    offset = (zone or "Z").replace("Z", "+00:00").replace(":", "")
    return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{offset[:3]}:{offset[3:] or '00'}")


def asked_for(text: str, zone: str) -> datetime:
    """Read a time as an operator writes it, to the minute or finer, in ``zone`` unless it names an offset or Z."""
    found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def now() -> datetime:
    """Return the present in UTC, to the second: no figure of a backup is finer."""
    return datetime.now(timezone.utc).replace(microsecond=0)
