"""For how long there is room: the intake that was measured, or one that somebody asks about.

A study counts for its main modality. Studies are counted exactly; what one takes is the mean of the last ones of its
modality, so that the answer comes at once however large the archive is. Where nothing was received, the guide's usual
figures stand in.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.db.models import Count, Min, Sum
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Instance, Study
from noctis.dashboards.grouping import main_modality

WINDOW_DAYS: Final = 30
SAMPLE: Final = 100
MEGABYTE, GIGABYTE = 10**6, 10**9
YEAR: Final = 365
LONGEST_YEARS: Final = 30
SOON_DAYS: Final = 90  # ordering and fitting disks takes weeks


@dataclass(frozen=True)
class Kind:
    """Studies that take about the same room: usual megabytes of one, from and to."""

    key: str
    label: str
    modalities: frozenset[str]
    low: int
    high: int

    @property
    def usual(self) -> float:
        """The middle of what is usual."""
        return (self.low + self.high) / 2


KINDS: Final = (
    Kind("ct", "CT", frozenset({"CT", "PT"}), 100, 300),
    Kind("mr", "MR", frozenset({"MR"}), 50, 200),
    Kind("xr", "CR/DR", frozenset({"CR", "DX", "RG", "RF", "PX", "IO", "MG"}), 10, 50),
    Kind("us", "US", frozenset({"US"}), 5, 20),
    Kind("other", "Others", frozenset(), 0, 0),
)


@dataclass(frozen=True)
class Intake:
    """What comes in of one kind: studies in a day and megabytes of one study."""

    kind: Kind
    studies: float
    megabytes: float
    is_measured: bool

    @property
    def gigabytes_a_day(self) -> float:
        """What it takes in a day."""
        return self.studies * self.megabytes * MEGABYTE / GIGABYTE


@dataclass(frozen=True)
class Measured:
    """What came in lately. ``days`` is how many days were counted: fewer than the window where it began later."""

    days: int
    intakes: list[Intake]

    @property
    def studies(self) -> float:
        """Studies in a day."""
        return sum(one.studies for one in self.intakes)


@dataclass(frozen=True)
class Plan:
    """What is asked about: what comes in, how it grows in a year, and how much room there is."""

    intakes: list[Intake]
    growth_percent: float
    free_gb: float

    @property
    def gigabytes_a_day(self) -> float:
        """What is taken in a day, now."""
        return sum(one.gigabytes_a_day for one in self.intakes)


@dataclass(frozen=True)
class Forecast:
    """When the room is used up (None: not within thirty years), and what the next years take."""

    days: int | None
    full_on: date | None
    year_gb: float
    five_years_gb: float
    is_soon: bool


def kind_of(modality: str) -> Kind:
    """Return the kind that a main modality belongs to."""
    return next((kind for kind in KINDS if modality in kind.modalities), KINDS[-1])


def measured_intake(user: User) -> Measured:
    """Return what came in during the last thirty days."""
    now = timezone.now()
    studies = Study.objects.visible_to(user).filter(received_at__gte=now - timedelta(days=WINDOW_DAYS))
    first = studies.aggregate(at=Min("received_at"))["at"]
    days = max(1, min(WINDOW_DAYS, (now - first).days + 1)) if first else WINDOW_DAYS
    counts: Counter[str] = Counter()
    combinations: defaultdict[str, list[str]] = defaultdict(list)
    for modalities, count in studies.order_by().values_list("modalities").annotate(count=Count("pk")):
        key = kind_of(main_modality(modalities)).key
        counts[key] += count
        combinations[key].append(modalities)
    return Measured(days, [_intake(kind, counts[kind.key] / days, studies, combinations[kind.key]) for kind in KINDS])


def _intake(kind: Kind, per_day: float, studies: Any, modalities: list[str]) -> Intake:
    last = list(
        studies.filter(modalities__in=modalities).order_by("-received_at").values_list("pk", flat=True)[:SAMPLE]
    )
    if not last:
        return Intake(kind, 0.0, kind.usual, is_measured=False)
    size = Instance.objects.filter(series__study__in=last).aggregate(size=Sum("file_size"))["size"] or 0
    return Intake(kind, per_day, size / len(last) / MEGABYTE, is_measured=True)


def forecast(plan: Plan) -> Forecast:
    """Return when the room of a plan is used up; it grows evenly from day to day."""
    daily_growth = (1 + plan.growth_percent / 100) ** (1 / YEAR)
    taken, a_day, days = 0.0, plan.gigabytes_a_day, None
    sums = {}
    for day in range(1, LONGEST_YEARS * YEAR + 1):
        taken += a_day
        a_day *= daily_growth
        if days is None and taken > plan.free_gb:
            days = day - 1
        sums[day] = taken
    full_on = timezone.localdate() + timedelta(days=days) if days is not None else None
    is_soon = days is not None and days < SOON_DAYS
    return Forecast(days, full_on, sums[YEAR], sums[5 * YEAR], is_soon)


class CapacityForm(forms.Form):
    """What-if: every figure stands in the address, so that a question can be kept and sent to somebody."""

    growth = forms.FloatField(label="Growth in a year, %", min_value=-50, max_value=500, required=False)
    free = forms.FloatField(label="Free room, GB", min_value=0, max_value=10**9, required=False)

    def __init__(self, data: Any, *, measured: Measured, free_gb: float) -> None:
        super().__init__(data, initial={"growth": 0, "free": round(free_gb, 1)})
        self.measured = measured
        for one in measured.intakes:
            for name, label, value, most in (
                ("studies", "studies a day", one.studies, 10**5),
                ("mb", "MB for each", one.megabytes, 10**6),
            ):
                self.fields[f"{one.kind.key}_{name}"] = forms.FloatField(
                    label=f"{one.kind.label}: {label}",
                    min_value=0,
                    max_value=most,
                    required=False,
                    initial=round(value, 1),
                    widget=forms.NumberInput(attrs={"aria-label": f"{one.kind.label}: {label}"}),
                )

        if data:  # what the address does not say is as measured, in the fields too
            usual = {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}
            self.data = {**usual, **{name: value for name, value in data.items() if value}}

    def rows(self) -> list[tuple[Intake, forms.BoundField, forms.BoundField]]:
        """Return what was measured of each kind beside its two fields."""
        return [(one, self[f"{one.kind.key}_studies"], self[f"{one.kind.key}_mb"]) for one in self.measured.intakes]

    def plan(self) -> Plan | None:
        """Return what is asked about; None where it makes no sense."""
        if self.is_bound and not self.is_valid():
            return None

        def value(name: str) -> float:
            said = self.cleaned_data[name] if self.is_bound else self.get_initial_for_field(self.fields[name], name)
            return float(said)

        intakes = [
            Intake(one.kind, value(f"{one.kind.key}_studies"), value(f"{one.kind.key}_mb"), one.is_measured)
            for one in self.measured.intakes
        ]
        return Plan(intakes, value("growth"), value("free"))


def free_gigabytes() -> float:
    """Return the room that is left where studies are stored."""
    return shutil.disk_usage(settings.NOCTIS_DATA.root).free / GIGABYTE
