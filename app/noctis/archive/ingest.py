"""The one door into the archive: C-STORE, STOW-RS and uploads hand over a Part 10 file here.

``receive`` returns only when the object can no longer be lost: its unchanged bytes are on the disk in the spool, under
a name that tells the indexer all it needs. The indexer files it within moments, or after the next start.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from noctis.accounts.models import Facility, User
from noctis.archive.header import Header, NotStorable, read_header
from noctis.archive.models import Reception
from noctis.archive.storage_area import make_durable, sha256_of

__all__ = [
    "AUTHORED",
    "NotStorable",
    "Origin",
    "Receipt",
    "SpooledName",
    "discard_unfinished",
    "open_reception",
    "receive",
]

AUTHORED: Final = "viewer"  # the protocol of what people make here: no images are arriving because of it


@dataclass(frozen=True)
class Origin:
    """Who delivers: an application entity or a user, for which facility."""

    facility: Facility
    protocol: str
    ae_title: str = ""
    address: str | None = None
    user: User | None = None


@dataclass(frozen=True)
class Receipt:
    """What was taken: the chain of custody begins with this hash of the data set's bytes."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    sha256: str
    spooled: Path


@dataclass(frozen=True)
class SpooledName:
    """The name of an acknowledged file in the spool; names sort by the time of receipt."""

    received_ns: int
    reception_id: int
    data_set_offset: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.received_ns:020d}-{self.reception_id}-{self.data_set_offset}-{self.sha256}.dcm"

    @classmethod
    def parse(cls, name: str) -> SpooledName:
        """Read a name that ``str`` wrote; anything else is a ValueError."""
        received, reception, offset, sha256 = name.removesuffix(".dcm").split("-")
        return cls(int(received), int(reception), int(offset), sha256)


def open_reception(origin: Origin) -> Reception:
    """Note a delivery before its first object arrives.

    Never within a transaction: the indexer knows no delivery that is not committed, and would set its objects aside.
    """
    with transaction.atomic(durable=True):
        return Reception.objects.create(
            facility=origin.facility,
            protocol=origin.protocol,
            ae_title=origin.ae_title[:16],
            address=origin.address,
            user=origin.user,
        )


def receive(part10: Path, reception: Reception, header: Header | None = None) -> Receipt:
    """Take the file ``part10``, which must lie below the spool's ``incoming`` folder, and make it impossible to lose.

    ``header`` is that of the file, where the caller has read it already.
    Raises NotStorable for what is no DICOM object or has no valid UIDs, OSError where the disk refuses; the file then
    stays where it is and is the caller's to remove.
    """
    header = header or read_header(part10)
    sha256 = sha256_of(part10, header.data_set_offset)
    name = SpooledName(time.time_ns(), reception.pk, header.data_set_offset, sha256)
    ready = settings.NOCTIS_DATA.ready
    make_durable(part10)
    spooled = part10.rename(ready / str(name))
    make_durable(ready)
    return _receipt(header, sha256, spooled)


def _receipt(header: Header, sha256: str, spooled: Path) -> Receipt:
    return Receipt(
        sop_class_uid=header.sop_class_uid,
        sop_instance_uid=header.sop_instance_uid,
        study_instance_uid=header.study_instance_uid,
        sha256=sha256,
        spooled=spooled,
    )


def discard_unfinished() -> int:
    """Remove what a crash left half received: none of it was acknowledged. Returns the number of files."""
    leftovers = [path for path in settings.NOCTIS_DATA.incoming.rglob("*") if path.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)
