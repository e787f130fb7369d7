"""The schedule as a list: which steps somebody asks for, in pages that begin after a step (never by counting)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, Q

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.dicom.matching import fold
from noctis.modality_worklist.models import ScheduledProcedureStep, ScheduledStation, StepStatus

Steps = FacilityScopedQuerySet[ScheduledProcedureStep]

ORDER: Final = ("start_date", "start_time", "id")
BACKWARDS: Final = tuple(f"-{name}" for name in ORDER)
_SEPARATORS: Final = str.maketrans(dict.fromkeys(",^=;", " "))


@dataclass(frozen=True, kw_only=True)
class StepQuestion:
    """What is asked for; what is left empty does not narrow. ``text`` is looked for in names, IDs and numbers."""

    text: str = ""
    from_date: date | None = None
    to_date: date | None = None
    modality: str = ""
    station: str = ""
    facility: str = ""
    statuses: Sequence[StepStatus] = field(default_factory=tuple)
    patient_identifier: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""

    def apply(self, steps: Steps) -> Steps:
        """Return those of ``steps`` that are asked for."""
        exact = {
            "start_date__gte": self.from_date,
            "start_date__lte": self.to_date,
            "modality": self.modality,
            "facility__code": self.facility,
            "status__in": list(self.statuses),
            "patient_identifier": self.patient_identifier,
            "accession_number": self.accession_number,
            "study_instance_uid": self.study_instance_uid,
        }
        condition = Q(**{name: value for name, value in exact.items() if value})
        for word in self.text.translate(_SEPARATORS).split():
            condition &= (
                Q(patient_name_index__contains=fold(word))
                | Q(patient_identifier__istartswith=word)
                | Q(accession_number__istartswith=word)
            )
        found = steps.filter(condition)
        return found.filter(for_station(self.station)) if self.station else found


@dataclass(frozen=True)
class StepPage:
    """One page of steps and whether there is more before and after it."""

    steps: list[ScheduledProcedureStep]
    has_previous: bool
    has_next: bool


def for_station(ae_title: str) -> Q:
    """Return the condition that a step is meant for a station: by name, or for any."""
    stations = ScheduledStation.objects.filter(step=OuterRef("pk"))
    return Q(Exists(stations.filter(ae_title=ae_title))) | ~Q(Exists(stations))


def page_of_steps(
    steps: Steps,
    size: int,
    *,
    after: ScheduledProcedureStep | None = None,
    before: ScheduledProcedureStep | None = None,
) -> StepPage:
    """Return the page after or before a step, the first without either, in the order of the start."""
    if before is not None:
        rows = list(steps.filter(_beyond(before, "lt")).order_by(*BACKWARDS)[: size + 1])
        if len(rows) <= size:
            return page_of_steps(steps, size)  # a full first page, also where steps were added since
        return StepPage(rows[:size][::-1], has_previous=True, has_next=True)
    selected = steps if after is None else steps.filter(_beyond(after, "gt"))
    rows = list(selected.order_by(*ORDER)[: size + 1])
    return StepPage(rows[:size], has_previous=after is not None, has_next=len(rows) > size)


def step_named(steps: Steps, key: str) -> ScheduledProcedureStep | None:
    """Return the step that a page begins after; one that is gone or not visible means the first page."""
    is_key = key.isascii() and key.isdigit() and len(key) < 19  # noqa: PLR2004  (more is no key)
    return steps.filter(pk=int(key)).first() if is_key else None


def _beyond(cursor: ScheduledProcedureStep, way: str) -> Q:
    """Return the condition that a step comes beyond ``cursor``; the first part lets an index narrow."""
    day, moment = cursor.start_date, cursor.start_time
    later = Q(**{f"start_date__{way}": day})
    later |= Q(start_date=day, **{f"start_time__{way}": moment})
    later |= Q(start_date=day, start_time=moment, **{f"id__{way}": cursor.pk})
    return Q(**{f"start_date__{way}e": day}) & later
