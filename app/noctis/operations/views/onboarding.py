"""Connect a modality: what devices try, as it happens, and the step that makes it work."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.dicom_address import dicom_address
from noctis.network.access_fixes import CannotFix, Fix, apply_fix, remove_further_title, take_back
from noctis.network.admission import current_policy
from noctis.network.models import AssociationAttempt, FurtherTitle, RemoteApplicationEntity
from noctis.operations.onboarding import Story, Surroundings, tell

LISTED = 50
MOST_SHOWN = 500
HIGHEST_KEY = 2**63 - 1
FILTERS = ("title", "address")


@administrators_only
@require_safe
def connect_modality(request: HttpRequest) -> HttpResponse:
    """Show what devices tried, the last first; the page asks for more by itself."""
    context = {
        "stories": stories(_wanted(request)[:LISTED]),
        "filters": {name: request.GET.get(name, "") for name in FILTERS},
        "query": _query(request),
        "dicom": dicom_address(request),
        "further_titles": FurtherTitle.objects.all(),
        "accepts_unknown_callers": settings.NOCTIS_UNKNOWN_CALLERS != "refuse",
    }
    return render(request, "operations/connect_modality.html", context)


@administrators_only
@require_safe
def connect_attempts(request: HttpRequest) -> HttpResponse:
    """Give the attempts that the page does not show yet, and anew those that ended; 204 where there are none."""
    shown = _numbers(request, "shown")
    new = _wanted(request).exclude(pk__in=shown)
    if shown:
        new = new.filter(pk__gt=min(shown))  # not only above the newest: who began first may be written last
    told = stories([*new[:LISTED], *_ended(_numbers(request, "open"))])
    if not told:
        return HttpResponse(status=204)
    context = {"stories": told, "replaced": set(shown), "query": _query(request)}
    return render(request, "operations/_attempts.html", context)


@administrators_only
@require_POST
def attempt_fix(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the change that an attempt calls for, if it still does."""
    attempt = get_object_or_404(AssociationAttempt, pk=pk)
    fix, service = request.POST.get("fix", ""), request.POST.get("service", "")
    (story,) = stories([attempt])
    if not any(step.fix and (step.fix, step.service) == (fix, service) for step in story.steps):
        messages.warning(request, "Nothing was changed: this is not called for any more.")
        return _back(request, attempt)
    try:
        meaning = apply_fix(attempt, Fix(fix), service=service, acting_user=signed_in_user(request))
    except CannotFix as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Done: {meaning}. Let the device try again.")
    return _back(request, attempt)


@administrators_only
@require_POST
def attempt_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last change that was made because of an attempt."""
    attempt = get_object_or_404(AssociationAttempt, pk=pk)
    try:
        meaning = take_back(attempt, acting_user=signed_in_user(request))
    except CannotFix as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Taken back: {meaning}.")
    return _back(request, attempt)


@administrators_only
@require_POST
def further_title_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Let callers use a further title for us no longer."""
    title = get_object_or_404(FurtherTitle, pk=pk)
    remove_further_title(title, acting_user=signed_in_user(request))
    messages.success(request, f"Callers may not use the AE title {title} for us any more.")
    return redirect("operations:connect_modality")


def stories(attempts: QuerySet[AssociationAttempt] | list[AssociationAttempt]) -> list[Story]:
    """Return what to tell of each attempt, by what is set up today."""
    found = list(attempts)
    titles = {attempt.calling_ae_title for attempt in found}
    entities = {
        entity.ae_title: entity
        for entity in RemoteApplicationEntity.objects.select_related("facility").filter(ae_title__in=titles)
    }
    tls_port = settings.NOCTIS_DICOM_TLS_PORT if settings.NOCTIS_DICOM_TLS_CERTIFICATE else None
    around = Surroundings(current_policy(), tls_port)
    return [tell(attempt, entities.get(attempt.calling_ae_title), around) for attempt in found]


def attempts_of(entity: RemoteApplicationEntity, count: int) -> list[Story]:
    """Return the last attempts under the title of ``entity``."""
    return stories(AssociationAttempt.objects.filter(calling_ae_title=entity.ae_title)[:count])


def _wanted(request: HttpRequest) -> QuerySet[AssociationAttempt]:
    attempts = AssociationAttempt.objects.exclude(calling_ae_title=settings.NOCTIS_AE_TITLE)  # our own checks
    if title := request.GET.get("title", "").strip():
        attempts = attempts.filter(calling_ae_title__icontains=title)
    if address := request.GET.get("address", "").strip():
        attempts = attempts.filter(address__startswith=address)
    return attempts


def _ended(shown_as_open: list[int]) -> QuerySet[AssociationAttempt]:
    return AssociationAttempt.objects.filter(pk__in=shown_as_open).exclude(ended="")


def _numbers(request: HttpRequest, name: str) -> list[int]:
    texts = request.GET.getlist(name)[:MOST_SHOWN]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_KEY]


def _query(request: HttpRequest) -> str:
    return urlencode({name: request.GET[name] for name in FILTERS if request.GET.get(name)})


def _back(request: HttpRequest, attempt: AssociationAttempt) -> HttpResponse:
    query = _query(request)
    page = reverse("operations:connect_modality") + (f"?{query}" if query else "")
    return redirect(f"{page}#attempt-card-{attempt.pk}")
