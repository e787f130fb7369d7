"""The studies of quality control, and how many images are rejected."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study, StudyStatus
from noctis.quality_control.forms import PeriodForm
from noctis.quality_control.permissions import deciders_only
from noctis.quality_control.statistics import Dimension, Wanted, reject_counts

PAGE_SIZE: Final = 50
LONGEST_KEY: Final = 18
STATES: Final = (
    ("waiting", "Waiting"),
    ("unaccepted", "Not accepted"),
    ("accepted", "Accepted"),
    ("rejected", "With rejected images"),
)
TABLES: Final = (
    ("By reason", Dimension.REASON),
    ("By modality", Dimension.MODALITY),
    ("By station", Dimension.STATION),
    ("By week", Dimension.WEEK),
    ("By person who rejected", Dimension.REJECTED_BY),
)


@deciders_only
@require_safe
def studies(request: HttpRequest) -> HttpResponse:
    """List studies, the last received first: those that wait to be accepted where nothing else is asked for."""
    user = signed_in_user(request)
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else "waiting"
    before = request.GET.get("before", "")
    is_later = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    rows = _in_state(user, state)
    if is_later:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.select_related("facility", "acceptance__accepted_by").order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    context = {
        "studies": shown,
        "state": state,
        "states": STATES,
        "is_first": not is_later,
        "next_before": shown[-1].pk if len(found) > PAGE_SIZE else None,
        "shows_facility": user.sees_all_facilities,
    }
    return render(request, "quality_control/studies.html", context)


@deciders_only
@require_safe
def rates(request: HttpRequest) -> HttpResponse:
    """Show how many images of a period were rejected, by several dimensions."""
    user = signed_in_user(request)
    form = PeriodForm(request.GET, user=user)
    first_day, last_day = form.days
    wanted = Wanted(first_day, last_day, facility=form.cleaned_data.get("facility"))
    dimensions: list[Any] = [*TABLES]
    if user.sees_all_facilities:
        dimensions.insert(1, ("By facility", Dimension.FACILITY))
    (whole,) = reject_counts(user, wanted, ())
    context = {
        "form": PeriodForm(initial={**form.cleaned_data, "first_day": first_day, "last_day": last_day}, user=user),
        "whole": whole,
        "tables": [
            (title, [count for count in reject_counts(user, wanted, (by,)) if count.images]) for title, by in dimensions
        ],
        "first_day": first_day,
        "last_day": last_day,
    }
    return render(request, "quality_control/rates.html", context)


def _in_state(user: User, state: str) -> QuerySet[Study]:
    visible = Study.objects.visible_to(user)
    if state == "waiting":
        return visible.filter(status=StudyStatus.UNCHECKED)
    if state == "accepted":
        return visible.filter(acceptance__isnull=False).exclude(status=StudyStatus.UNCHECKED)
    if state == "rejected":
        return visible.filter(rejected_count__gt=0)
    return visible.filter(acceptance=None)
