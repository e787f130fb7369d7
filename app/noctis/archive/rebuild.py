"""An index made anew from the files of the archive alone.

It finds every stored object; what stood only in the database, such as who sent an object, is not to be found there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone as django_timezone

from noctis.accounts.models import Facility
from noctis.archive.filing import Arrival, Batch, Conflict
from noctis.archive.header import NotStorable, read_header
from noctis.archive.indexer import index_spool
from noctis.archive.ingest import Origin, SpooledName, open_reception
from noctis.archive.models import Reception
from noctis.archive.storage_area import instance_path, make_durable, sha256_of

logger = logging.getLogger(__name__)

PROTOCOL: Final = "files"
BATCH_SIZE: Final = 64
PROGRESS_EVERY: Final = 10_000


def rebuild_index(facility: Facility) -> int:
    """Index every file of the storage for ``facility``, then the spool; return how many objects are indexed.

    The index must be empty, and nobody else may use the data directory meanwhile. What waits in quarantine is tried
    again, and comes back there where it still contradicts what is filed. A file that cannot be indexed is named in the
    log and left where it is.
    """
    reception = open_reception(Origin(facility, PROTOCOL))
    count = 0
    files = settings.NOCTIS_DATA.storage.rglob("*.dcm")
    while paths := list(islice(files, BATCH_SIZE)):
        before, count = count, count + _index(dict(_read(paths, reception)))
        if count // PROGRESS_EVERY > before // PROGRESS_EVERY:
            logger.info("%d objects are indexed", count)
    return count + _index_what_waits(reception)


@transaction.atomic
def _index(arrivals: dict[Path, Arrival]) -> int:
    batch = Batch(django_timezone.now(), is_filed_already=True)
    batch.look_up(arrivals.values())
    for path, arrival in arrivals.items():
        try:
            batch.add(arrival)
        except Conflict as conflict:
            logger.error("%s is not indexed: %s", path.name, conflict.reason.label)  # noqa: TRY400
    batch.save()
    return len(batch.instances)


def _read(paths: Iterable[Path], reception: Reception) -> Iterator[tuple[Path, Arrival]]:
    storage = settings.NOCTIS_DATA.storage
    for path in paths:
        try:
            header = read_header(path)
        except NotStorable as error:
            logger.error("%s is not indexed: %s", path.name, error)  # noqa: TRY400
            continue
        sha256 = sha256_of(path, header.data_set_offset)
        if path != storage / instance_path(header.study_instance_uid, header.sop_instance_uid, sha256):
            logger.error("%s is not indexed: it is not what was stored under this name", path.name)
            continue
        received_at = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        yield path, Arrival(header, reception, sha256, received_at)


def _index_what_waits(reception: Reception) -> int:
    """Index what was acknowledged but not filed: its deliveries are those of a database that is no more."""
    ready, quarantine = settings.NOCTIS_DATA.ready, settings.NOCTIS_DATA.quarantine
    for path in [*ready.iterdir(), *quarantine.iterdir()]:
        try:
            name = SpooledName.parse(path.name)
        except ValueError:
            continue
        path.rename(ready / str(SpooledName(name.received_ns, reception.pk, name.data_set_offset, name.sha256)))
    make_durable(ready)
    return index_spool()
