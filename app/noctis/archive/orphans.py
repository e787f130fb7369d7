"""Files that the indexer set aside in the spool: of a delivery that the database does not know, or with no proper name.

They were acknowledged and are whole, but nothing says whose they are: a person names the facility.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from django.conf import settings

from noctis.accounts.models import Facility, User
from noctis.archive.header import NotStorable, read_header
from noctis.archive.ingest import Origin, open_reception, receive
from noctis.audit.actions import record
from noctis.audit.models import Action

PROTOCOL: Final = "orphan"
SUFFIX: Final = ".orphan"
MOST: Final = 1000


@dataclass(frozen=True)
class Orphan:
    """A file that was set aside; ``problem`` says why it cannot be read, where it cannot."""

    name: str
    size: int
    set_aside_at: datetime
    study_instance_uid: str
    problem: str


def orphans() -> list[Path]:
    """Return the files that were set aside, in the order of their names."""
    ready: Path = settings.NOCTIS_DATA.ready
    return sorted(ready.glob(f"*{SUFFIX}"))[:MOST]


def describe(path: Path) -> Orphan:
    """Return what can be said of a file that was set aside."""
    status = path.stat()
    uid, problem = "", ""
    try:
        uid = read_header(path).study_instance_uid
    except NotStorable as error:
        problem = str(error)
    return Orphan(path.name, status.st_size, datetime.fromtimestamp(status.st_ctime, timezone.utc), uid, problem)


def take_in(path: Path, facility: Facility, *, acting_user: User, address: str | None) -> None:
    """Hand a file that was set aside to the archive's door, for ``facility``.

    Raises NotStorable where it cannot be read, OSError where the disk refuses. Never within a transaction.
    """
    header = read_header(path)
    reception = open_reception(Origin(facility, PROTOCOL, address=address, user=acting_user))
    receive(path, reception, header)
    record(
        Action.INSTANCES_RECEIVED,
        acting_user=acting_user,
        address=address,
        facility=facility,
        study_instance_uid=header.study_instance_uid,
        protocol=PROTOCOL,
        count=1,
    )
