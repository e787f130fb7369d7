"""Flags: studies with something that does not fit, for administrators and the technicians of their facility."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from pydicom.datadict import dictionary_description, tag_for_keyword

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import View, signed_in_user
from noctis.archive.actions import reopen_flag, resolve_flag
from noctis.archive.models import (
    FacilityScopedQuerySet,
    FlagReason,
    QuarantinedObject,
    QuarantineReason,
    StudyFlag,
)
from noctis.operations.forms import FlagFilterForm, ResolutionForm
from noctis.operations.keyset import page_before

PAGE_SIZE = 50
MAY_DECIDE: Final = frozenset({Role.ADMINISTRATOR, Role.TECHNICIAN})


@dataclass(frozen=True)
class DifferenceRow:
    """One attribute as a person reads it."""

    name: str
    stored: str
    stated: str
    problem: str


def deciders_only(view: View) -> View:
    """Answer 403 to who does not decide about what was sent."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if signed_in_user(request).role not in MAY_DECIDE:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@deciders_only
@require_safe
def flags(request: HttpRequest) -> HttpResponse:
    """List flags, the newest first. Filters hold no patient's data and may stand in the URL."""
    user = signed_in_user(request)
    form = FlagFilterForm(request.GET, user=user)
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "page": page_before(wanted_flags(form, user), request.GET.get("before", ""), PAGE_SIZE),
        "query": query.urlencode(),
        "narrows": any(query.values()),
        **_frame(user),
    }
    return render(request, "operations/flags.html", context)


@deciders_only
@require_safe
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what differs, side by side."""
    user = signed_in_user(request)
    return render(request, "operations/flag.html", _of_flag(_visible(user, pk), user, ResolutionForm()))


@deciders_only
@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a flag down with what was found out."""
    user = signed_in_user(request)
    found, form = _visible(user, pk), ResolutionForm(request.POST)
    if not form.is_valid():
        return render(request, "operations/flag.html", _of_flag(found, user, form))
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


def wanted_flags(form: FlagFilterForm, user: User) -> FacilityScopedQuerySet[StudyFlag]:
    """Return what the form asks for of what ``user`` may see; a value that is not valid does not narrow."""
    form.is_valid()
    asked = form.cleaned_data
    found = StudyFlag.objects.visible_to(user).select_related("study__facility", "resolved_by")
    state = asked.get("state") or ("" if asked.get("study") else "open")
    if state in {"open", "resolved"}:
        found = found.filter(resolved_at__isnull=state == "open")
    if asked.get("reason"):
        found = found.filter(reason=asked["reason"])
    if asked.get("facility"):
        found = found.filter(study__facility=asked["facility"])
    if asked.get("study"):
        found = found.filter(study__study_instance_uid=asked["study"].strip())
    return found


def _visible(user: User, pk: int) -> StudyFlag:
    """Return a flag; one of another facility is not there."""
    visible = StudyFlag.objects.visible_to(user).select_related("study__facility", "study__patient", "resolved_by")
    return get_object_or_404(visible, pk=pk)


def _of_flag(found: StudyFlag, user: User, form: ResolutionForm) -> dict[str, Any]:
    if not form.is_bound:
        form.initial["resolution"] = found.resolution
    rows = [difference_row(one) for one in found.differences]
    waiting = QuarantinedObject.objects.visible_to(user).filter(
        study_instance_uid=found.study.study_instance_uid, reason__in=QuarantineReason.values
    )
    is_quarantined = FlagReason(found.reason).is_quarantined
    return {
        "flag": found,
        "rows": rows,
        "shows_stored": any(row.stored for row in rows),
        "shows_stated": any(row.stated for row in rows),
        "shows_problem": any(row.problem for row in rows),
        "is_quarantined": is_quarantined,
        "waiting": waiting.count() if is_quarantined else 0,
        "form": form,
        **_frame(user),
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


def _frame(user: User) -> dict[str, str]:
    """Return the template around: technicians have no other page of the administration."""
    return {"frame": "operations/base.html" if user.is_administrator else "operations/plain_base.html"}
