"""What a dashboard is asked for: a period and facilities. It says nothing about patients, so it stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.dashboards.models import ReportTimes
from noctis.reading_worklist.models import ReadingTask

PERIODS: Final = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
USUAL_PERIOD: Final = "30"
LONGEST_DAYS: Final = 3660
# Up to how many days a period is shown by day, and by week; longer ones by month.
BY_DAY, BY_WEEK = 31, 186


@dataclass(frozen=True)
class Scope:
    """Whose figures are shown, from when to when, both days included; without ``facility`` all that are visible."""

    user: User
    first: date
    last: date
    facility: Facility | None = None
    period: str = ""

    @classmethod
    def asked_for(cls, query: Mapping[str, str], user: User) -> Scope:
        """Return what the URL asks for; what it does not say, or says in no sensible way, is the last thirty days."""
        facility = None
        if user.sees_all_facilities and (code := query.get("facility", "")):
            facility = Facility.objects.filter(code=code).first()
        first, last = _day(query.get("from", "")), _day(query.get("to", ""))
        if first and last and first <= last and (last - first).days < LONGEST_DAYS:
            return cls(user, first, last, facility)
        period = query.get("period", "")
        period = period if period in PERIODS else USUAL_PERIOD
        today = timezone.localdate()
        return cls(user, today - timedelta(days=int(period) - 1), today, facility, period)

    @property
    def query(self) -> str:
        """The scope as the query of a URL."""
        asked = {"period": self.period} if self.period else {"from": str(self.first), "to": str(self.last)}
        return urlencode(asked | ({"facility": self.facility.code} if self.facility else {}))

    @property
    def names_readers(self) -> bool:
        """Whether readers are named: not to those who belong to a facility."""
        return self.user.sees_all_facilities

    @property
    def names_facilities(self) -> bool:
        """Whether there is more than one facility to compare."""
        return self.user.sees_all_facilities and self.facility is None

    @property
    def begins_at(self) -> datetime:
        """The first moment of the period."""
        return timezone.make_aware(datetime.combine(self.first, time.min))

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return timezone.make_aware(datetime.combine(self.last + timedelta(days=1), time.min))

    @property
    def bucket(self) -> type[TruncDay | TruncWeek | TruncMonth]:
        """What the period is divided into, so that there are neither too few nor too many points."""
        days = (self.last - self.first).days + 1
        return TruncDay if days <= BY_DAY else TruncWeek if days <= BY_WEEK else TruncMonth

    def within(self, name: str) -> Q:
        """Return the condition that the moment ``name`` lies in the period."""
        return Q(**{f"{name}__gte": self.begins_at, f"{name}__lt": self.ends_at})

    def tasks(self) -> QuerySet[ReadingTask]:
        """Return the rows of studies that the user may see, of the chosen facility; orders without images are none."""
        found = ReadingTask.objects.visible_to(self.user).filter(study__isnull=False)
        return found.filter(facility=self.facility) if self.facility else found

    def report_times(self) -> QuerySet[ReportTimes]:
        """Return when the reports of the same studies were there."""
        found = ReportTimes.objects.visible_to(self.user)
        return found.filter(study__facility=self.facility) if self.facility else found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
