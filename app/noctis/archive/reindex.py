"""The columns of studies and series read anew from the stored files: for what an earlier release indexed with fewer.

The first object of a series decides, as when it was filed. Nothing moves: patients, numbers of objects, flags and
files stay as they are, and nothing counts as newly arrived. What is filed meanwhile is not disturbed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from pydicom.dataset import Dataset

from noctis.archive.filing import series_requests, series_values, study_values
from noctis.archive.header import NotStorable, Reading, read_header
from noctis.archive.models import Instance, Series, SeriesRequest, Study
from noctis.archive.signals import announce, headers_read, studies_changed

logger = logging.getLogger(__name__)

CHUNK: Final = 100
_REQUEST: Final = ("requested_procedure_id", "scheduled_step_id", "accession_number")


@dataclass
class Progress:
    """How far it came: the last study, how many were looked at and changed, and which files could not be read."""

    last: int = 0
    looked_at: int = 0
    changed: int = 0
    unreadable: list[str] = field(default_factory=list)


def reindex(after: int, report: Callable[[Progress], None]) -> Progress:
    """Read every study beyond the key ``after`` anew; ``report`` is called after every hundred and at the end."""
    progress = Progress(last=after)
    while keys := list(Study.objects.filter(pk__gt=progress.last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        for key in keys:
            reindex_study(key, progress)
            progress.last = key
            progress.looked_at += 1
        report(progress)
    return progress


def reindex_study(key: int, progress: Progress) -> None:
    """Read one study anew, with what was corrected since it was stored."""
    with transaction.atomic():
        first_of_series = list(_first_objects(key, progress))
        study = Study.objects.select_for_update().filter(pk=key).first()
        if study is None:
            return
        is_changed = False
        for series_id, dataset in first_of_series:
            is_changed |= _refresh_series(series_id, dataset)
        if first_of_series:
            is_changed |= _refresh(study, _values_of_study(study, first_of_series[0][1]))
        progress.changed += is_changed
        announce(studies_changed, [key] if is_changed else [])


def _first_objects(key: int, progress: Progress) -> Iterator[tuple[int, Dataset]]:
    """Yield the primary key of each series and its first object that can be read, the earliest series first."""
    first = Series.objects.filter(study_id=key).annotate(first=models.Min("instances__pk")).exclude(first=None)
    instances = Instance.objects.in_bulk(list(first.values_list("first", flat=True)))
    facility_id = Study.objects.values_list("facility_id", flat=True).get(pk=key) if instances else 0
    readings: dict[int, Reading] = {}
    for instance in sorted(instances.values(), key=lambda one: one.pk):
        path: Path = settings.NOCTIS_DATA.storage / instance.path
        try:
            header = read_header(path)
        except (NotStorable, OSError) as error:
            logger.error("%s is not read anew: %s", instance.sop_instance_uid, type(error).__name__)  # noqa: TRY400
            progress.unreadable.append(instance.sop_instance_uid)
            continue
        readings[instance.series_id] = Reading(facility_id, header, header)
    headers_read.send(sender=None, readings=list(readings.values()))
    for series_id, reading in readings.items():
        yield series_id, reading.header.dataset


def _values_of_study(study: Study, dataset: Dataset) -> dict[str, Any]:
    instances = Instance.objects.filter(series__study=study).order_by()
    classes = sorted(set(instances.values_list("sop_class_uid", flat=True).distinct()))
    modalities = sorted(set(study.series.exclude(modality="").values_list("modality", flat=True)))
    return {
        **study_values(dataset),
        "sop_classes": "\\".join(classes),
        "modalities": "\\".join(modalities)[:120],
    }


def _refresh_series(series_id: int, dataset: Dataset) -> bool:
    series = Series.objects.select_for_update().filter(pk=series_id).first()
    if series is None:
        return False
    is_changed = _refresh(series, series_values(dataset))
    wanted = series_requests(dataset, series)
    stored = set(SeriesRequest.objects.filter(series=series).values_list(*_REQUEST))
    if {tuple(getattr(one, name) for name in _REQUEST) for one in wanted} == stored:
        return is_changed
    SeriesRequest.objects.filter(series=series).delete()
    SeriesRequest.objects.bulk_create(wanted)
    return True


def _refresh(row: Study | Series, values: dict[str, Any]) -> bool:
    """Write the columns that are not as they should be."""
    wrong = {name: value for name, value in values.items() if getattr(row, name) != value}
    if wrong:
        type(row)._default_manager.filter(pk=row.pk).update(**wrong, changed_at=timezone.now())  # noqa: SLF001
    return bool(wrong)
