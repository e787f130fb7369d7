"""The inbox: everything that a person must decide about, of several kinds, in one list with the newest first.

Each kind answers with the time and key of its entries; these are merged, and only what a page shows is read. A page
begins below the time, kind and key of the last entry before it, so none counts or skips.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import models
from django.db.models import Case, F, Max, Q, QuerySet, When
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from noctis.accounts.models import Facility, User
from noctis.archive.models import FlagReason, QuarantinedObject, QuarantineReason, Study, StudyFlag, StudyStatus
from noctis.modality_worklist.models import PerformedProcedureStep

PAGE_SIZE: Final = 50
LONGEST_CURSOR: Final = 64


class Kind(models.TextChoices):
    """What an entry is about; the order decides between entries of the same moment."""

    FLAG = "flags", "Flags"
    QUARANTINE = "quarantine", "Quarantine"
    MISSING = "missing", "Missing images"
    STUDY = "studies", "Studies to check"


class State(models.TextChoices):
    """Whether somebody has decided."""

    OPEN = "", "Open"
    DECIDED = "decided", "Decided"
    ALL = "all", "All"


REASONS: Final = [
    ("Flags", [(f"flag:{reason}", label) for reason, label in FlagReason.choices]),
    ("Quarantine", [(f"kept:{reason}", label) for reason, label in QuarantineReason.choices]),
]


@dataclass(frozen=True)
class Wanted:
    """What to show; what is empty does not narrow. ``reason`` begins with 'flag:' or 'kept:'."""

    kind: str = ""
    state: str = State.OPEN
    reason: str = ""
    facility: Facility | None = None
    study: str = ""

    @property
    def of_kind(self) -> str:
        """The kind of reason that is asked for, with its colon; empty where any is."""
        return self.reason[:5]

    def narrowed(self, rows: QuerySet[Any], prefix: str = "") -> QuerySet[Any]:
        """Return the rows of the wanted facility and study; ``prefix`` leads to what has both."""
        if self.facility is not None:
            rows = rows.filter(**{f"{prefix}facility": self.facility})
        if self.study:
            rows = rows.filter(**{f"{prefix}study_instance_uid": self.study})
        return rows

    def in_state(self, rows: QuerySet[Any], is_open: Q) -> QuerySet[Any]:
        """Return the rows in the wanted state."""
        if self.state == State.ALL:
            return rows
        return rows.filter(is_open if self.state == State.OPEN else ~is_open)


@dataclass(frozen=True)
class Place:
    """Where an entry stands in the list."""

    at: datetime
    kind: Kind
    key: int

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What sorts, the newest last."""
        return self.at, _RANKS[self.kind], self.key

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.kind.value}~{self.key}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Read what ``str`` wrote; None for anything else."""
        parts = text.split("~") if len(text) <= LONGEST_CURSOR else []
        if len(parts) != 3 or parts[1] not in Kind.values or not parts[2].isdecimal():  # noqa: PLR2004
            return None
        try:
            at = parse_datetime(parts[0].replace(" ", "+"))
        except ValueError:
            return None
        return cls(at, Kind(parts[1]), int(parts[2])) if at is not None and timezone.is_aware(at) else None


_RANKS: Final = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Page:
    """Places of entries, and where the next page begins."""

    places: list[Place]
    next_before: Place | None
    is_first: bool


def flags(user: User, wanted: Wanted) -> QuerySet[Any]:
    """Return the time and key of flags."""
    rows = wanted.in_state(StudyFlag.objects.visible_to(user), Q(resolved_at=None))
    rows = wanted.narrowed(rows, "study__")
    if wanted.reason:
        rows = rows.filter(reason=wanted.reason[5:]) if wanted.of_kind == "flag:" else rows.none()
    return rows.order_by().values(at=F("last_at"), key=F("pk"))


def quarantined(user: User, wanted: Wanted) -> QuerySet[Any]:
    """Return the time and key of the last object of each study that waits for one reason; unreadable ones singly."""
    rows = wanted.in_state(QuarantinedObject.objects.visible_to(user), Q(decision=""))
    rows = wanted.narrowed(rows)
    if wanted.reason:
        rows = rows.filter(reason=wanted.reason[5:]) if wanted.of_kind == "kept:" else rows.none()
    together = Case(When(study_instance_uid="", then=F("sha256")), default=F("study_instance_uid"))
    grouped = rows.order_by().values("facility", "reason", "decision", together=together)
    found: QuerySet[Any] = grouped.annotate(at=Max("created_at"), key=Max("pk"))
    return found


def missing(user: User, wanted: Wanted) -> QuerySet[Any]:
    """Return the time and key of performed steps whose images did not all arrive."""
    lacking = PerformedProcedureStep.objects.filter(missing_count__gt=0).visible_to(user)
    rows = wanted.narrowed(wanted.in_state(lacking, Q(missing_given_up_at=None)))
    return (rows.none() if wanted.reason else rows).order_by().values(at=F("changed_at"), key=F("pk"))


def studies(user: User, wanted: Wanted) -> QuerySet[Any]:
    """Return the time and key of studies that wait for quality control."""
    is_open, is_done = Q(status=StudyStatus.UNCHECKED), Q(acceptance__isnull=False)
    asked = {State.OPEN: is_open, State.DECIDED: is_done & ~is_open}.get(State(wanted.state), is_open | is_done)
    chosen = wanted.narrowed(Study.objects.visible_to(user).filter(asked))
    return (chosen.none() if wanted.reason else chosen).order_by().values(at=F("received_at"), key=F("pk"))


SOURCES: Final[Mapping[Kind, Callable[[User, Wanted], QuerySet[Any]]]] = {
    Kind.FLAG: flags,
    Kind.QUARANTINE: quarantined,
    Kind.MISSING: missing,
    Kind.STUDY: studies,
}


def page_of(user: User, wanted: Wanted, before: str, size: int = PAGE_SIZE) -> Page:
    """Return at most ``size`` places below the place ``before``; what is no place means the first page."""
    start = Place.parse(before)
    kinds = [Kind(wanted.kind)] if wanted.kind else list(Kind)
    found = [_below(kind, SOURCES[kind](user, wanted), start, size + 1) for kind in kinds]
    merged = list(islice(heapq.merge(*found, key=lambda place: place.order, reverse=True), size + 1))
    shown = merged[:size]
    return Page(shown, shown[-1] if len(merged) > size else None, is_first=start is None)


def counts(user: User, wanted: Wanted) -> dict[Kind, int]:
    """Return how many entries of each kind there are."""
    return {kind: source(user, wanted).count() for kind, source in SOURCES.items()}


def _below(kind: Kind, rows: QuerySet[Any], start: Place | None, size: int) -> list[Place]:
    if start is not None:
        earlier, at_once = Q(at__lt=start.at), Q(at=start.at)
        if _RANKS[kind] < _RANKS[start.kind]:
            earlier |= at_once
        elif kind == start.kind:
            earlier |= at_once & Q(key__lt=start.key)
        rows = rows.filter(earlier)
    return [Place(row["at"], kind, row["key"]) for row in rows.order_by("-at", "-key")[:size]]
