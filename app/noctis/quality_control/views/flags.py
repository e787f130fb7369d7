"""One flag: something about a study that does not fit, and what somebody found out about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from pydicom.datadict import dictionary_description, tag_for_keyword

from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.actions import reopen_flag, resolve_flag
from noctis.archive.models import FlagReason, QuarantinedObject, StudyFlag
from noctis.quality_control.forms import ResolutionForm
from noctis.quality_control.permissions import deciders_only


@dataclass(frozen=True)
class DifferenceRow:
    """One attribute as a person reads it."""

    name: str
    stored: str
    stated: str
    problem: str


@deciders_only
@require_safe
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what differs, side by side."""
    user = signed_in_user(request)
    return render(request, "quality_control/flag.html", _of_flag(_visible(user, pk), user, ResolutionForm()))


@deciders_only
@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a flag down with what was found out."""
    user = signed_in_user(request)
    found, form = _visible(user, pk), ResolutionForm(request.POST)
    if not form.is_valid():
        return render(request, "quality_control/flag.html", _of_flag(found, user, form))
    if resolve_flag(found, resolution=form.cleaned_data["resolution"], acting_user=user):
        messages.success(request, "The flag is resolved.")
    return redirect("flag", pk=pk)


@deciders_only
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a resolved flag up again."""
    user = signed_in_user(request)
    if reopen_flag(_visible(user, pk), acting_user=user):
        messages.success(request, "The flag is open again.")
    return redirect("flag", pk=pk)


def _visible(user: User, pk: int) -> StudyFlag:
    """Return a flag; one of another facility is not there."""
    visible = StudyFlag.objects.visible_to(user).select_related("study__facility", "study__patient", "resolved_by")
    return get_object_or_404(visible, pk=pk)


def _of_flag(found: StudyFlag, user: User, form: ResolutionForm) -> dict[str, Any]:
    if not form.is_bound:
        form.initial["resolution"] = found.resolution
    rows = [difference_row(one) for one in found.differences]
    waiting = QuarantinedObject.objects.undecided().visible_to(user)
    waiting = waiting.filter(study_instance_uid=found.study.study_instance_uid)
    is_quarantined = FlagReason(found.reason).is_quarantined
    return {
        "flag": found,
        "rows": rows,
        "shows_stored": any(row.stored for row in rows),
        "shows_stated": any(row.stated for row in rows),
        "shows_problem": any(row.problem for row in rows),
        "is_quarantined": is_quarantined,
        "waiting": waiting.count() if is_quarantined else 0,
        "first_waiting": waiting.filter(reason=found.reason).first() if is_quarantined else None,
        "form": form,
    }


def difference_row(difference: dict[str, str]) -> DifferenceRow:
    """Return a stored difference with the attribute's own name."""
    keyword = difference.get("attribute", "")
    tag = tag_for_keyword(keyword)
    return DifferenceRow(
        name=dictionary_description(tag) if tag is not None else keyword,
        stored=difference.get("stored", ""),
        stated=difference.get("stated", ""),
        problem=difference.get("problem", ""),
    )
