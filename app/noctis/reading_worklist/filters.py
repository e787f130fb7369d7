"""What the reader asks the worklist for. It holds names and numbers of patients, so it never stands in a URL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import FacilityScopedQuerySet, Study, StudyStatus

SESSION_KEY = "worklist_filter"
MODALITIES = ("CT", "MR", "US", "CR", "DX", "MG", "XA", "RF", "NM", "PT", "IO", "PX", "ES", "SC", "SR")
LONGEST_SEARCH = 100
SEPARATORS = str.maketrans(dict.fromkeys(",^=;", " "))


@dataclass(frozen=True)
class WorklistFilter:
    """The parts of a question; what is empty does not narrow."""

    text: str = ""
    modality: str = ""
    from_date: str = ""
    to_date: str = ""
    facility: str = ""
    status: str = ""

    @classmethod
    def remembered_in(cls, session: SessionBase) -> WorklistFilter:
        """Return the filter kept in ``session``, an empty one where there is none."""
        kept = session.get(SESSION_KEY, {})
        return cls(**{name: str(kept.get(name, "")) for name in cls.__dataclass_fields__})

    def remember_in(self, session: SessionBase) -> None:
        """Keep the filter until the session ends."""
        session[SESSION_KEY] = asdict(self)

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for."""
        return self != WorklistFilter()

    @property
    def words(self) -> list[str]:
        """The words to look for: every one must occur, in any order; 'Doe, Jane' and 'DOE^JANE' are the same."""
        return self.text.lower().translate(SEPARATORS).split()

    def apply(self, studies: FacilityScopedQuerySet[Study]) -> FacilityScopedQuerySet[Study]:
        """Return those of ``studies`` that are asked for."""
        condition = Q()
        for word in self.words:
            condition &= Q(search_text__contains=word)
        if self.modality:
            condition &= has_modality(self.modality)
        if self.from_date:
            condition &= Q(study_date__gte=date.fromisoformat(self.from_date))
        if self.to_date:
            condition &= Q(study_date__lte=date.fromisoformat(self.to_date))
        if self.facility:
            condition &= Q(facility__code=self.facility)
        if self.status:
            condition &= Q(status=self.status)
        return studies.filter(condition)


def has_modality(modality: str) -> Q:
    """Return the condition that ``modality`` is one of a study's, which stand separated by backslashes."""
    return (
        Q(modalities=modality)
        | Q(modalities__startswith=f"{modality}\\")
        | Q(modalities__endswith=f"\\{modality}")
        | Q(modalities__contains=f"\\{modality}\\")
    )


def date_ranges() -> list[tuple[str, date, date]]:
    """Return the ranges that readers ask for most: their name, first and last day."""
    today = timezone.localdate()
    return [
        ("Today", today, today),
        ("7 days", today - timedelta(days=6), today),
        ("30 days", today - timedelta(days=29), today),
    ]


class DayInput(forms.DateInput):
    """The browser's own date control."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FilterForm(forms.Form):
    """The filter bar."""

    text = forms.CharField(required=False, max_length=LONGEST_SEARCH, label="Search")
    modality = forms.ChoiceField(required=False)
    from_date = forms.DateField(required=False, label="From", widget=DayInput())
    to_date = forms.DateField(required=False, label="To", widget=DayInput())
    facility = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("modality", [("", "All modalities"), *((name, name) for name in MODALITIES)])
        self._offer("status", [("", "Any status"), *StudyStatus.choices])
        if user.sees_all_facilities:
            facilities = Facility.objects.values_list("code", "name")
            self._offer("facility", [("", "All facilities"), *facilities])
        else:
            del self.fields["facility"]
        for name in self.fields.keys() - {"text"}:
            self.fields[name].widget.attrs["class"] = "narrows"
        self.fields["text"].widget.attrs |= {
            "type": "search",
            "placeholder": "Name, ID, accession, description",
            "autocomplete": "off",
            "spellcheck": "false",
            "enterkeyhint": "search",
            "aria-keyshortcuts": "/",
        }

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices

    @property
    def filter(self) -> WorklistFilter:
        """What was asked for; a value that is not valid counts as not given."""
        self.is_valid()
        given = self.cleaned_data
        return WorklistFilter(
            text=given.get("text") or "",
            modality=given.get("modality") or "",
            from_date=_iso(given.get("from_date")),
            to_date=_iso(given.get("to_date")),
            facility=given.get("facility") or "",
            status=given.get("status") or "",
        )


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
