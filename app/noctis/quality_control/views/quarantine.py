"""One quarantined object: what it says beside what is stored, and what is decided about it."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.header import NotStorable
from noctis.archive.models import QuarantineDecision, QuarantinedObject
from noctis.archive.quarantine_actions import (
    NotDecided,
    decide,
    note_download,
    objects_like,
    quarantine_path,
    take_back,
)
from noctis.dicomweb.errors import DicomwebError
from noctis.quality_control.comparison import comparison_of, picture_of
from noctis.quality_control.forms import DecisionForm
from noctis.quality_control.permissions import deciders_only
from noctis.stored_files import stored_file

logger = logging.getLogger(__name__)

DONE: Final = {
    QuarantineDecision.DISCARDED: "discarded",
    QuarantineDecision.ACCEPTED: "filed in the study",
    QuarantineDecision.SEPARATED: "filed with new UIDs",
    QuarantineDecision.RETRIED: "tried again",
}


@deciders_only
@require_safe
def quarantined(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an object and what it contradicts."""
    user = signed_in_user(request)
    return _page(request, user, _visible(user, pk))


@deciders_only
@require_POST
def decide_about(request: HttpRequest, pk: int) -> HttpResponse:
    """Do with an object, or with all that wait with it, what somebody decided."""
    user = signed_in_user(request)
    kept = _visible(user, pk)
    alike = objects_like(kept)
    form = DecisionForm(request.POST, kept=kept, alike=alike)
    if not form.is_valid():
        return _page(request, user, kept, form)
    decision = QuarantineDecision(form.cleaned_data["decision"])
    chosen = alike if form.cleaned_data.get("all_alike") else [kept]
    explanation = form.cleaned_data["explanation"]
    done, problem = _decide_all(list(chosen), decision, explanation, user, client_address(request))
    if done:
        objects = "The object is" if done == 1 else f"{done} objects are"
        messages.success(request, f"{objects} {DONE[decision]}.")
    if problem:
        messages.error(request, problem)
    return redirect("quality_control:quarantined", pk)


@deciders_only
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a discarded object back, with ``all`` every one of its study that was discarded with it."""
    user = signed_in_user(request)
    kept = _visible(user, pk)
    try:
        for one in _decided_with(kept):
            take_back(one, acting_user=user)
        messages.success(request, "It waits for a decision again.")
    except NotDecided as error:
        messages.error(request, str(error))
    return redirect("quality_control:quarantined", pk)


@deciders_only
@require_safe
@cache_control(private=True, no_store=True)
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a picture of a quarantined object."""
    kept = _visible(signed_in_user(request), pk)
    try:
        return HttpResponse(picture_of(kept), content_type="image/jpeg")
    except (NotStorable, DicomwebError, OSError) as error:
        raise Http404 from error


@administrators_only
@require_POST
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the bytes of a quarantined object as they came, and write that down."""
    user = signed_in_user(request)
    kept = _visible(user, pk)
    path = quarantine_path(kept)
    if not path.is_file():
        raise Http404
    note_download(kept, acting_user=user, address=client_address(request))
    response = stored_file(path, "application/dicom")
    response["Content-Disposition"] = f'attachment; filename="quarantined-{kept.pk}.dcm"'
    response["Cache-Control"] = "private, no-store"
    return response


def _decide_all(
    chosen: list[QuarantinedObject], decision: QuarantineDecision, explanation: str, user: User, address: str | None
) -> tuple[int, str]:
    """Decide about each; return how many that was, and what kept the first of the others from it."""
    done, problem = 0, ""
    for kept in chosen:
        try:
            decide(kept, decision, explanation=explanation, acting_user=user, address=address)
            done += 1
        except NotDecided as error:
            problem = problem or str(error)
        except OSError as error:
            logger.exception("the decision about quarantined object %d was not carried out", kept.pk)
            return done, problem or f"The disk refuses: {error.strerror}. What is left waits here unchanged."
    return done, problem


def _page(request: HttpRequest, user: User, kept: QuarantinedObject, form: DecisionForm | None = None) -> HttpResponse:
    comparison = comparison_of(kept, user)
    alike = objects_like(kept)
    decision = QuarantineDecision(kept.decision) if kept.decision else None
    context: dict[str, Any] = {
        "kept": kept,
        "comparison": comparison,
        "stored_study": comparison.counterpart.series.study if comparison.counterpart else None,
        "alike": [one for one in alike if one.pk != kept.pk],
        "form": form or DecisionForm(kept=kept, alike=alike),
        "decided_with": len(_decided_with(kept)),
        "has_file": quarantine_path(kept).is_file(),
        "can_be_taken_back": decision == QuarantineDecision.DISCARDED,
        "keeps_days": settings.NOCTIS_QUARANTINE_DISCARD_DAYS,
    }
    return render(request, "quality_control/quarantined.html", context)


def _decided_with(kept: QuarantinedObject) -> list[QuarantinedObject]:
    """Return the objects of a study about which the same was decided for the same reason, with this one."""
    if not kept.decision or not kept.study_instance_uid:
        return [kept]
    same = QuarantinedObject.objects.filter(facility=kept.facility_id, reason=kept.reason, decision=kept.decision)
    return list(same.filter(study_instance_uid=kept.study_instance_uid).select_related("facility"))


def _visible(user: User, pk: int) -> QuarantinedObject:
    """Return an object; one of another facility is not there."""
    visible = QuarantinedObject.objects.visible_to(user).select_related("facility", "reception", "decided_by")
    return get_object_or_404(visible, pk=pk)
