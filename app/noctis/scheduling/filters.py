"""What a person asks the schedule for. It may name a patient, so it is remembered in the session, never in a URL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.modality_worklist.listing import StepQuestion
from noctis.modality_worklist.models import StepStatus
from noctis.network.models import RemoteApplicationEntity
from noctis.scheduling.forms import MODALITIES, DayInput

SESSION_KEY: Final = "schedule_filter"
LONGEST_SEARCH: Final = 100
NOT_CANCELLED: Final = tuple(status for status in StepStatus if status != StepStatus.CANCELLED)
EVERYTHING: Final = "everything"


@dataclass(frozen=True)
class ScheduleFilter:
    """The parts of a question, as text; what is empty does not narrow."""

    text: str = ""
    from_date: str = ""
    to_date: str = ""
    modality: str = ""
    station: str = ""
    facility: str = ""
    status: str = ""

    @classmethod
    def usual(cls) -> ScheduleFilter:
        """Return what most want to see: from today on."""
        return cls(from_date=timezone.localdate().isoformat())

    @classmethod
    def remembered_in(cls, session: SessionBase) -> ScheduleFilter:
        """Return the filter kept in ``session``, the usual one where there is none."""
        kept = session.get(SESSION_KEY)
        if not isinstance(kept, dict):
            return cls.usual()
        return cls(**{name: str(kept.get(name, "")) for name in cls.__dataclass_fields__})

    def remember_in(self, session: SessionBase) -> None:
        """Keep the filter until the session ends; the usual one is that of the day."""
        session[SESSION_KEY] = asdict(self)

    @property
    def narrows(self) -> bool:
        """Whether more is asked for than usual."""
        return self not in (ScheduleFilter(), ScheduleFilter.usual())

    @property
    def question(self) -> StepQuestion:
        """The question to the schedule."""
        if self.status == EVERYTHING:
            statuses: tuple[StepStatus, ...] = ()
        else:
            statuses = (StepStatus(self.status),) if self.status else NOT_CANCELLED
        return StepQuestion(
            text=self.text,
            from_date=date.fromisoformat(self.from_date) if self.from_date else None,
            to_date=date.fromisoformat(self.to_date) if self.to_date else None,
            modality=self.modality,
            station=self.station,
            facility=self.facility,
            statuses=statuses,
        )


def date_ranges() -> list[tuple[str, date, date]]:
    """Return the ranges that are asked for most: their name, first and last day."""
    today = timezone.localdate()
    return [("Today", today, today), ("Tomorrow", today + timedelta(days=1), today + timedelta(days=1))]


class ScheduleFilterForm(forms.Form):
    """The filter bar."""

    text = forms.CharField(required=False, max_length=LONGEST_SEARCH, label="Search")
    from_date = forms.DateField(required=False, label="From", widget=DayInput())
    to_date = forms.DateField(required=False, label="To", widget=DayInput())
    modality = forms.ChoiceField(required=False)
    station = forms.ChoiceField(required=False)
    facility = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = RemoteApplicationEntity.objects.filter(is_active=True)
        if not user.sees_all_facilities:
            entities = entities.filter(facility=user.facility_id)
        titles = entities.order_by("ae_title").values_list("ae_title", flat=True)
        self._offer("modality", [("", "All modalities"), *((code, code) for code in MODALITIES)])
        self._offer("station", [("", "All stations"), *((title, title) for title in titles)])
        statuses = [("", "Not cancelled"), *StepStatus.choices, (EVERYTHING, "All, also cancelled")]
        self._offer("status", statuses)
        if user.sees_all_facilities:
            self._offer("facility", [("", "All facilities"), *Facility.objects.values_list("code", "name")])
        else:
            del self.fields["facility"]
        for name in self.fields.keys() - {"text"}:
            self.fields[name].widget.attrs["class"] = "narrows"
        self.fields["text"].widget.attrs |= {
            "type": "search",
            "placeholder": "Name, ID, accession number",
            "autocomplete": "off",
            "spellcheck": "false",
            "enterkeyhint": "search",
        }

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices

    @property
    def filter(self) -> ScheduleFilter:
        """What was asked for; a value that is not valid counts as not given."""
        self.is_valid()
        given = self.cleaned_data
        days = {name: given[name].isoformat() if given.get(name) else "" for name in ("from_date", "to_date")}
        words = {name: given.get(name) or "" for name in ("text", "modality", "station", "facility", "status")}
        return ScheduleFilter(**words, **days)
