"""The index brought into line with overlays and placements: where each series belongs and what its columns say.

The same rules decide as for what arrives (arrivals.py), so that an undo is nothing but other rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Sum

from noctis.archive.models import Instance, Series, SeriesRequest, Study
from noctis.archive.reindex import Progress, reindex_study
from noctis.archive.storage_area import received_study_uid
from noctis.corrections.models import Placement
from noctis.corrections.signals import instances_moved


class Unreadable(Exception):
    """A stored file cannot be read, so that the index cannot say what it holds."""


def settle(studies: Iterable[Study], now: datetime) -> list[int]:
    """Put every series of ``studies`` where it belongs and read their columns anew; return the keys of the series.

    Raises Unreadable.
    """
    studies = list(studies)
    for series in list(Series.objects.filter(study__in=studies).select_related("study")):
        for target, pks in _places(series).items():
            if target != series.study_id:
                _move(series, target, pks, now)
    for study in studies:
        _refresh(study, now)
    return list(Series.objects.filter(study__in=studies).values_list("pk", flat=True))


def _places(series: Series) -> dict[int, list[int]]:
    """Return the instances of a series by the study to which they belong."""
    received: defaultdict[str, list[int]] = defaultdict(list)
    for pk, path in series.instances.order_by("pk").values_list("pk", "path"):
        received[received_study_uid(path)].append(pk)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for uid, pks in received.items():
        places[_place(series, uid)] += pks
    return dict(places)


def _place(series: Series, received: str) -> int:
    facility = series.study.facility_id
    wanted = (series.series_instance_uid, "")
    placements = Placement.objects.filter(facility=facility, study_uid=received, series_uid__in=wanted)
    found = placements.order_by("-series_uid").values_list("study_id", flat=True).first()
    if found is None:
        own = Study.objects.filter(facility=facility, study_instance_uid=received)
        found = own.values_list("pk", flat=True).first()
    return series.study_id if found is None else found


def _move(series: Series, target: int, pks: list[int], now: datetime) -> None:
    """Bring instances of a series into another study, with the series where it goes as a whole."""
    source = series.study
    there = Series.objects.filter(study=target, series_instance_uid=series.series_instance_uid).first()
    uids = list(Instance.objects.filter(pk__in=pks).values_list("sop_instance_uid", flat=True))
    if there is None and series.instances.count() == len(pks):
        Series.objects.filter(pk=series.pk).update(study=target)
    else:
        there = there or _copy(series, target, now)
        Instance.objects.filter(pk__in=pks).update(series=there)
        if not series.instances.exists():
            Series.objects.filter(pk=series.pk).delete()
    instances_moved.send(sender=None, sop_instance_uids=uids, source=source, target=Study.objects.get(pk=target))


def _copy(series: Series, target: int, now: datetime) -> Series:
    requests = list(SeriesRequest.objects.filter(series=series))
    copied = Series.objects.get(pk=series.pk)
    copied.pk, copied.study_id, copied.changed_at = None, target, now
    copied._state.adding = True  # noqa: SLF001  (Django's own way to copy a row)
    copied.save()
    for request in requests:
        request.pk, request.series = None, copied
    SeriesRequest.objects.bulk_create(requests)
    return copied


def _refresh(study: Study, now: datetime) -> None:
    for series in study.series.all():
        Series.objects.filter(pk=series.pk).update(instance_count=series.instances.count(), changed_at=now)
    progress = Progress()
    reindex_study(study.pk, progress)
    if progress.unreadable:
        raise Unreadable
    counts = study.series.aggregate(total=Sum("instance_count"))
    Study.objects.filter(pk=study.pk).update(
        series_count=study.series.count(), instance_count=counts["total"] or 0, changed_at=now
    )
