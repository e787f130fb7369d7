"""What the reader asks the worklist for. It holds names and numbers of patients, so it never stands in a URL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any, cast

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import Facility, Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.reading_worklist.models import DONE_FROM, UNREAD, ReadingTask, Status, Urgency

SESSION_KEY = "worklist_filter"
MODALITIES = ("CT", "MR", "US", "CR", "DX", "MG", "XA", "RF", "NM", "PT", "IO", "PX", "ES", "SC", "SR")
# The defined terms of Body Part Examined (PS3.16 annex L) that are asked for most.
BODY_PARTS = (
    *("ABDOMEN", "ANKLE", "BRAIN", "BREAST", "CHEST", "CSPINE", "ELBOW", "EXTREMITY", "FOOT", "HAND", "HEAD", "HEART"),
    *("HIP", "KNEE", "LSPINE", "NECK", "PELVIS", "SHOULDER", "SKULL", "SPINE", "TSPINE", "WHOLEBODY", "WRIST"),
)
UNREAD_KEY, DONE_KEY = "unread", "done"
ME, NOBODY = "me", "nobody"
LONGEST_SEARCH = 100
SHORTEST_ANYWHERE = 3
TABLE = ReadingTask._meta.db_table  # noqa: SLF001  (documented)
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
    priority: str = ""
    reader: str = ""
    body_part: str = ""

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

    def apply(self, tasks: FacilityScopedQuerySet[ReadingTask], user: User) -> FacilityScopedQuerySet[ReadingTask]:
        """Return those of ``tasks`` that ``user`` asks for."""
        condition = Q()
        for word in self.words:
            condition &= has_word(word)
        if self.modality:
            condition &= has_value("modalities", self.modality)
        if self.body_part:
            condition &= has_value("body_parts", self.body_part)
        if self.from_date:
            condition &= Q(study_date__gte=date.fromisoformat(self.from_date))
        if self.to_date:
            condition &= Q(study_date__lte=date.fromisoformat(self.to_date))
        if self.facility:
            condition &= Q(facility__in=list(Facility.objects.filter(code=self.facility).values_list("pk", flat=True)))
        if self.priority:
            condition &= Q(priority=Urgency.keyed(self.priority))
        return tasks.filter(condition & self._of_status() & self._of_reader(user))

    def _of_status(self) -> Q:
        if self.status == UNREAD_KEY:
            return UNREAD
        if self.status == DONE_KEY:
            return Q(status__gte=DONE_FROM)
        if self.status == Status.ARRIVING.key:
            return Q(is_arriving=True)  # also of a study that somebody reads already
        return Q(status=Status.keyed(self.status)) if self.status else Q()

    def _of_reader(self, user: User) -> Q:
        if self.reader == ME:
            return Q(assigned_to=user)
        if self.reader == NOBODY:
            return Q(assigned_to=None)
        return Q(assigned_to_id=int(self.reader)) if self.reader else Q()


def has_word(word: str) -> Q:
    """Return the condition that ``word`` occurs; one too short for the index of letter triples begins a word."""
    if len(word) >= SHORTEST_ANYWHERE:
        return Q(search_text__contains=word)
    begins = (Q(search_text__contains=f"{before}{word}") for before in (" ", "("))
    return reduce(or_, begins, Q(search_text__startswith=word))


def has_value(column: str, value: str) -> Q:
    """Return the condition that ``value`` is one of those in a column, which stand separated by backslashes.

    However many rows there are, they have few combinations of values: an index gives them, and finds their rows.
    """
    return Q(**{f"{column}__in": [held for held in combinations(column) if value in held.split("\\")]})


def combinations(column: str) -> list[str]:
    """Return what a column of the worklist holds, each value once: the index is entered anew for each of them."""
    table, name = (connection.ops.quote_name(part) for part in (TABLE, column))
    steps = (
        f"WITH RECURSIVE step (held) AS (SELECT min({name}) FROM {table} UNION ALL"  # noqa: S608  (names of the model)
        f" SELECT (SELECT min({name}) FROM {table} WHERE {name} > step.held) FROM step WHERE step.held IS NOT NULL)"
        " SELECT held FROM step WHERE held IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(steps)
        return [held for (held,) in cursor.fetchall()]


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
    priority = forms.ChoiceField(required=False)
    reader = forms.ChoiceField(required=False)
    body_part = forms.ChoiceField(required=False, label="Body part")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("modality", [("", "All modalities"), *((name, name) for name in MODALITIES)])
        self._offer("body_part", [("", "All body parts"), *((name, name.capitalize()) for name in BODY_PARTS)])
        self._offer(
            "status", [("", "Any status"), (UNREAD_KEY, "To be read"), (DONE_KEY, "Reported"), *Status.by_key()]
        )
        self._offer("priority", [("", "Any priority"), *Urgency.by_key()])
        if user.sees_all_facilities:
            facilities = Facility.objects.values_list("code", "name")
            self._offer("facility", [("", "All facilities"), *facilities])
            self.readers = readers()
            self._offer("reader", [("", "Any reader"), (ME, "Mine"), (NOBODY, "Nobody's"), *self.readers])
        else:
            del self.fields["facility"], self.fields["reader"]
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
            priority=given.get("priority") or "",
            reader=given.get("reader") or "",
            body_part=given.get("body_part") or "",
        )


def readers() -> list[tuple[str, str]]:
    """Return who reads studies, as choices of a form."""
    found = User.objects.filter(role=Role.RADIOLOGIST, is_active=True).order_by("full_name", "username")
    return [(str(user.pk), str(user)) for user in found]


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
