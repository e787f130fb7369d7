"""Sorts what was indexed into transmissions: by the rules, and to requests for studies that still grow.

Rules are not asked when an instance arrives but afterwards, by one process that remembers in the database up to which
instance it has come. So nothing is missed when a process dies between the commit of an instance and its announcement,
and whoever indexes knows nothing of rules. What is found and how far it came are one transaction: an instance is
listed once, however often that transaction is tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Sum
from django.utils import timezone

from noctis.archive.models import Instance, StudyStatus
from noctis.network.database import database_session
from noctis.network.outgoing import IsStopping
from noctis.routing.conditions import Conditions, Particulars
from noctis.routing.models import (
    OPEN_STATES,
    ForwardingRule,
    NumberGap,
    Priority,
    SortingProgress,
    Transmission,
    TransmissionItem,
    TransmissionState,
)

CHUNK: Final = 1000
# Longer than any transaction of the indexer: a number that has no row by then never gets one.
GAP_LIFETIME: Final = timedelta(hours=1)
_FIELDS: Final = (
    "pk",
    "file_size",
    "series_id",
    "series__study_id",
    "series__study__facility_id",
    "reception__ae_title",
    "series__modality",
    "series__study__description",
    "series__description",
)


@dataclass(frozen=True)
class Arrival:
    """An instance to be sorted."""

    instance_id: int
    size: int
    series_id: int
    study_id: int
    particulars: Particulars


class Sorter:
    """The courier that sends nothing: it lists what others have to send."""

    def due(self) -> Iterable[Hashable]:
        """Return one destination where something is to be sorted."""
        return ["arrivals"] if has_work() else []

    def deliver(self, destination: Hashable, is_stopping: IsStopping) -> None:
        """Sort until nothing is left."""
        while not is_stopping():
            with database_session():
                if not sort_some():
                    return


def has_work() -> bool:
    """Whether there is anything to sort."""
    progress = SortingProgress.objects.first()
    newest = Instance.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return (
        progress is None
        or newest > progress.sorted_until
        or _filled_gaps().exists()
        or NumberGap.objects.filter(noticed_at__lt=timezone.now() - GAP_LIFETIME).exists()
        or Transmission.objects.filter(is_expanded=False).exists()
        or _finished_followers().exists()
        or ForwardingRule.objects.filter(is_active=True, backfill_next__isnull=False).exists()
    )


@transaction.atomic
def sort_some() -> bool:
    """Sort some of what there is, in one transaction; return whether there is more."""
    progress = SortingProgress.objects.select_for_update().first()
    if progress is None:
        newest = Instance.objects.aggregate(newest=Max("pk"))["newest"] or 0
        progress = SortingProgress.objects.create(sorted_until=newest)
    arrivals = _take_late() + (newest := _take_new(progress))
    rules = list(ForwardingRule.objects.filter(is_active=True).select_related("facility", "destination__facility"))
    _list_by_rules(arrivals, rules)
    _list_for_followers(arrivals)
    _finished_followers().update(is_following=False)
    has_expanded = _expand_one()
    has_backfilled = _backfill_some(rules)
    return len(newest) == CHUNK or has_expanded or has_backfilled


def _take_new(progress: SortingProgress) -> list[Arrival]:
    """Return the next arrivals, and note which numbers between them have no row yet."""
    arrivals = _arrivals(Instance.objects.filter(pk__gt=progress.sorted_until))
    now = timezone.now()
    gaps, last = [], progress.sorted_until
    for arrival in arrivals:
        if arrival.instance_id > last + 1:
            gaps.append(NumberGap(first=last + 1, last=arrival.instance_id - 1, noticed_at=now))
        last = arrival.instance_id
    NumberGap.objects.bulk_create(gaps)
    if last != progress.sorted_until:
        progress.sorted_until = last
        progress.save(update_fields=["sorted_until"])
    return arrivals


def _take_late() -> list[Arrival]:
    """Return what has appeared in a gap since it was noticed, and forget the gaps in which nothing can appear."""
    NumberGap.objects.filter(noticed_at__lt=timezone.now() - GAP_LIFETIME).delete()
    late: list[Arrival] = []
    for gap in _filled_gaps():
        found = _arrivals(Instance.objects.filter(pk__range=(gap.first, gap.last)))
        gap.delete()
        ends = [gap.first - 1, *(arrival.instance_id for arrival in found), gap.last + 1]
        if len(found) == CHUNK:  # the rest of a wide gap is looked at next time, as it is
            ends[-1:] = []
            NumberGap.objects.create(first=found[-1].instance_id + 1, last=gap.last, noticed_at=gap.noticed_at)
        NumberGap.objects.bulk_create(
            NumberGap(first=left + 1, last=right - 1, noticed_at=gap.noticed_at)
            for left, right in pairwise(ends)
            if right > left + 1
        )
        late += found
    return late


def _filled_gaps() -> QuerySet[NumberGap]:
    """Return the gaps in which there are rows by now."""
    appeared = Instance.objects.filter(pk__gte=OuterRef("first"), pk__lte=OuterRef("last"))
    return NumberGap.objects.filter(Exists(appeared))


def _arrivals(instances: QuerySet[Instance]) -> list[Arrival]:
    rows = instances.order_by("pk").values_list(*_FIELDS)[:CHUNK]
    return [Arrival(pk, size, series, study, Particulars(*rest)) for pk, size, series, study, *rest in rows]


def _list_by_rules(arrivals: Sequence[Arrival], rules: Iterable[ForwardingRule]) -> None:
    for rule in rules:
        conditions = Conditions(rule)
        selected: dict[int, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            if conditions.match(arrival.particulars):
                selected[arrival.study_id].append(arrival)
        for study_id, chosen in sorted(selected.items()):
            list_items(_transmission_of(rule, study_id), chosen)


def _transmission_of(rule: ForwardingRule, study_id: int) -> Transmission:
    """Return the rule's transmission of a study, locked. Its rule says anew to which facility it may go."""
    transmission, _ = Transmission.objects.select_for_update().get_or_create(
        rule=rule,
        study_id=study_id,
        destination_id=rule.destination_id,
        defaults={
            "origin": rule.name,
            "destination_facility_id": rule.destination.facility_id,
            "priority": Priority.FORWARDED,
            "is_expanded": True,
        },
    )
    if transmission.destination_facility_id != rule.destination.facility_id:
        transmission.destination_facility_id = rule.destination.facility_id
        transmission.save(update_fields=["destination_facility"])
    return transmission


def _list_for_followers(arrivals: Sequence[Arrival]) -> None:
    by_study: dict[int, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_study[arrival.study_id].append(arrival)
    followers = Transmission.objects.filter(study_id__in=by_study, is_following=True, is_expanded=True)
    for transmission in followers.select_for_update().order_by("pk"):
        of_study = by_study[transmission.study_id]
        series_id = transmission.series_id
        list_items(transmission, [one for one in of_study if series_id is None or one.series_id == series_id])


def _finished_followers() -> QuerySet[Transmission]:
    """Return what need not follow its study any more: all is sent, and nothing arrives."""
    following = Transmission.objects.filter(is_following=True).exclude(state__in=OPEN_STATES)
    return following.filter(study__status=StudyStatus.READY)


def _expand_one() -> bool:
    """List what a request selects, as far as it is here; return whether there was a request."""
    transmission = Transmission.objects.select_for_update().filter(is_expanded=False).order_by("pk").first()
    if transmission is None:
        return False
    selected = Instance.objects.filter(series__study_id=transmission.study_id)
    if transmission.series_id is not None:
        selected = selected.filter(series_id=transmission.series_id)
    listed = TransmissionItem.objects.filter(transmission=transmission).values("instance_id")
    ordered = selected.exclude(pk__in=listed).order_by("series__series_number", "series_id", "instance_number", "pk")
    now = timezone.now()
    TransmissionItem.objects.bulk_create(
        (
            TransmissionItem(transmission=transmission, instance_id=pk, size=size, due_at=now)
            for pk, size in ordered.values_list("pk", "file_size")
        ),
        batch_size=500,
    )
    transmission.is_expanded = True
    transmission.save(update_fields=["is_expanded"])
    recount(transmission)
    return True


def _backfill_some(rules: Iterable[ForwardingRule]) -> bool:
    """Ask a rule about some of what was here before it; return whether there was one to ask."""
    for rule in rules:
        if rule.backfill_next is None:
            continue
        before = Instance.objects.filter(pk__range=(rule.backfill_next, rule.backfill_last))
        if rule.backfill_since is not None:
            before = before.filter(received_at__gte=rule.backfill_since)
        arrivals = _arrivals(before.visible_to_facility(rule.source_facility))
        _list_by_rules(arrivals, [rule])
        rule.backfill_next = arrivals[-1].instance_id + 1 if len(arrivals) == CHUNK else None
        rule.save(update_fields=["backfill_next"])
        return True
    return False


def list_items(transmission: Transmission, arrivals: Sequence[Arrival]) -> None:
    """List instances for a transmission that is locked, each once; what was at its end begins again, unless stopped."""
    ids = [arrival.instance_id for arrival in arrivals]
    listed = set(transmission.items.filter(instance_id__in=ids).values_list("instance_id", flat=True))
    new = [arrival for arrival in arrivals if arrival.instance_id not in listed]
    if not new:
        return
    now = timezone.now()
    TransmissionItem.objects.bulk_create(
        TransmissionItem(transmission=transmission, instance_id=one.instance_id, size=one.size, due_at=now)
        for one in new
    )
    changed: dict[str, object] = {
        "total": F("total") + len(new),
        "bytes_total": F("bytes_total") + sum(one.size for one in new),
    }
    if transmission.state in {TransmissionState.SENT, TransmissionState.FAILED}:
        changed |= {"state": TransmissionState.QUEUED, "next_attempt_at": now, "finished_at": None}
    Transmission.objects.filter(pk=transmission.pk).update(**changed)


def recount(transmission: Transmission) -> None:
    """Count the items of a transmission that is locked."""
    counts = {
        row["state"]: (row["n"], row["bytes"])
        for row in transmission.items.order_by().values("state").annotate(n=Count("pk"), bytes=Sum("size"))
    }
    transmission.sent, transmission.bytes_sent = counts.get("sent", (0, 0))
    transmission.failed = counts.get("failed", (0, 0))[0]
    transmission.total = sum(n for n, _ in counts.values())
    transmission.bytes_total = sum(size for _, size in counts.values())
    transmission.save(update_fields=["sent", "failed", "total", "bytes_sent", "bytes_total"])
