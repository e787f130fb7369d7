"""Files what the spool holds: one process, in batches, able to begin anew after a crash at any point.

A file leaves the spool only after its row is committed and its place in the storage is durable. What was interrupted is
done again: the same bytes are recognised by their hash.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone as django_timezone

from noctis.archive.filing import Arrival, Batch, Conflict, corrected
from noctis.archive.header import NotStorable, read_header
from noctis.archive.ingest import SpooledName
from noctis.archive.models import (
    FacilityRule,
    QuarantineDecision,
    QuarantinedObject,
    QuarantineReason,
    Reception,
    Study,
    StudyStatus,
)
from noctis.archive.signals import announce, objects_quarantined, series_changed, studies_changed, studies_ready
from noctis.archive.storage_area import give_place, make_all_durable
from noctis.audit.actions import record
from noctis.audit.models import Action

logger = logging.getLogger(__name__)

BATCH_SIZE = 64
POLL_SECONDS = 0.05
RETRY_SECONDS = 1.0
SETTLE_EVERY_SECONDS = 2.0
SETTLED_AT_ONCE = 500
QUIET_BEFORE_READY = timedelta(seconds=15)


def run_indexer(stop: Callable[[], bool]) -> None:
    """Index until ``stop()`` holds and the spool is empty; a database that is away is waited for."""
    settled_at = 0.0
    while True:
        stopping = stop()
        try:
            indexed = index_spool()
            if time.monotonic() - settled_at > SETTLE_EVERY_SECONDS:
                settle_studies()
                settled_at = time.monotonic()
        except (OperationalError, InterfaceError) as error:
            logger.warning(
                "the index does not answer, acknowledged objects wait in the spool: %s", type(error).__name__
            )
            connection.close()
            if stopping:
                return
            time.sleep(RETRY_SECONDS)
            continue
        if stopping and not indexed:
            return
        if not indexed:
            time.sleep(POLL_SECONDS)


def index_spool() -> int:
    """Index what the spool holds now and return the number of files taken."""
    files = sorted(settings.NOCTIS_DATA.ready.glob("*.dcm"))
    for start in range(0, len(files), BATCH_SIZE):
        index_files(files[start : start + BATCH_SIZE])
    return len(files)


def index_files(files: list[Path]) -> None:
    """Index some spooled files together, or one by one where one of them spoils the batch."""
    try:
        _index_batch(files)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        if len(files) == 1:
            # the error's own text may quote values
            logger.error("an object cannot be indexed and goes to quarantine: %s", type(error).__name__)  # noqa: TRY400
            _quarantine_unindexable(files[0])
            return
        for path in files:
            index_files([path])


def settle_studies() -> None:
    """Call a study ready when nothing came for a while, or to be checked where its facility checks first."""
    now = django_timezone.now()
    with transaction.atomic():
        quiet = Study.objects.filter(status=StudyStatus.ARRIVING, changed_at__lt=now - QUIET_BEFORE_READY)
        settled = list(quiet.select_for_update().order_by("pk").values_list("pk", "facility_id")[:SETTLED_AT_ONCE])
        checking = set(FacilityRule.objects.filter(checks_before_reading=True).values_list("facility", flat=True))
        ready = [pk for pk, facility_id in settled if facility_id not in checking]
        unchecked = [pk for pk, facility_id in settled if facility_id in checking]
        Study.objects.filter(pk__in=ready).update(status=StudyStatus.READY, changed_at=now)
        Study.objects.filter(pk__in=unchecked).update(status=StudyStatus.UNCHECKED, changed_at=now)
        announce(studies_ready, ready)
        announce(studies_changed, unchecked)


def _index_batch(files: list[Path]) -> None:
    arrivals = dict(_read(files))
    batch = Batch(django_timezone.now())
    folders: set[Path] = set()
    with transaction.atomic():
        arrivals = corrected(arrivals)
        batch.look_up(arrivals.values())
        for path, arrival in arrivals.items():
            try:
                is_new = batch.add(arrival)
            except Conflict as conflict:
                if kept_in := _quarantine(path, arrival.reception, conflict.reason, arrival):
                    folders |= kept_in
                    batch.note_conflict(conflict, arrival)
                continue
            if is_new:
                place = batch.instances[arrival.header.sop_instance_uid].path
                folders |= give_place(path, settings.NOCTIS_DATA.storage / place)
        batch.save()
        make_all_durable(folders)
    for path in arrivals:
        path.unlink()
    if changed := batch.changed_series:
        series_changed.send_robust(sender=None, series_ids=changed)


def _read(files: list[Path]) -> Iterator[tuple[Path, Arrival]]:
    """Yield what can be read; the rest goes to quarantine at once."""
    names = dict(_names(files))
    receptions = Reception.objects.in_bulk({name.reception_id for name in names.values()})
    for path, name in names.items():
        reception = receptions.get(name.reception_id)
        if reception is None:
            _set_aside(path, "belongs to a delivery that the database does not know")
            continue
        try:
            header = read_header(path)
        except NotStorable:
            _quarantine_at_once(path, reception)
            continue
        received_at = datetime.fromtimestamp(name.received_ns / 1e9, tz=timezone.utc)
        yield path, Arrival(header, reception, name.sha256, received_at)


def _names(files: list[Path]) -> Iterator[tuple[Path, SpooledName]]:
    for path in files:
        try:
            yield path, SpooledName.parse(path.name)
        except ValueError:
            _set_aside(path, "has a name that the ingest door did not give")


def _set_aside(path: Path, why: str) -> None:
    """Leave a file in the spool under a name that is not tried again; an operator must look."""
    logger.error("spooled file %s %s; it stays in the spool as .orphan", path.name, why)
    path.rename(path.with_suffix(".orphan"))


def _quarantine_unindexable(path: Path) -> None:
    _quarantine_at_once(path, Reception.objects.get(pk=SpooledName.parse(path.name).reception_id))


def _quarantine_at_once(path: Path, reception: Reception) -> None:
    with transaction.atomic():
        make_all_durable(_quarantine(path, reception, QuarantineReason.UNREADABLE))
    path.unlink()


def _quarantine(
    path: Path, reception: Reception, reason: QuarantineReason, arrival: Arrival | None = None
) -> set[Path]:
    """Keep the object for a person to decide about; return the folders to make durable."""
    name = SpooledName.parse(path.name)
    kept, created = QuarantinedObject.objects.get_or_create(
        sop_instance_uid=arrival.header.sop_instance_uid if arrival else "",
        sha256=name.sha256,
        reason=reason,
        facility_id=reception.facility_id,
        defaults={
            "reception": reception,
            "study_instance_uid": arrival.header.study_instance_uid if arrival else "",
            "path": path.name,
        },
    )
    if not created:
        _ask_again(kept)
        return set()
    record(
        Action.OBJECT_QUARANTINED,
        ae_title=reception.ae_title,
        address=reception.address,
        facility=reception.facility,
        study_instance_uid=kept.study_instance_uid,
        reason=reason,
        sop_instance_uid=kept.sop_instance_uid,
    )
    transaction.on_commit(partial(objects_quarantined.send_robust, sender=None, quarantined_ids=[kept.pk]))
    return give_place(path, settings.NOCTIS_DATA.quarantine / path.name)


def _ask_again(kept: QuarantinedObject) -> None:
    """Let an object that was tried again in vain wait for another decision; every other decision stands."""
    tried = QuarantinedObject.objects.filter(pk=kept.pk, decision=QuarantineDecision.RETRIED)
    tried.update(decision="", decided_at=None, decided_by=None, filed_as="")
