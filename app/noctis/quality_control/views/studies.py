"""Quality control of one study: its images, what was rejected, and whether it was accepted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.ingest import AUTHORED
from noctis.archive.models import Instance, Series, Study, StudyStatus
from noctis.dicomweb.errors import DicomwebError
from noctis.dicomweb.rendering import render_frame
from noctis.quality_control import actions
from noctis.quality_control.forms import RejectForm
from noctis.quality_control.models import Acceptance, Rejection
from noctis.quality_control.permissions import deciders_only
from noctis.quality_control.rejected import rejected_of

logger = logging.getLogger(__name__)

SHOWN_OF_A_SERIES: Final = 48
PICTURE_SIDE: Final = 1024


@dataclass(frozen=True)
class Shown:
    """An image as the page shows it."""

    instance: Instance
    rejection: Rejection | None


@dataclass(frozen=True)
class ShownSeries:
    """A series with as many of its images as the page shows."""

    series: Series
    images: list[Shown]
    rejected: int

    @property
    def left_out(self) -> int:
        """How many images are not shown."""
        return max(self.series.instance_count - len(self.images), 0)


@deciders_only
@require_safe
def study(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Show a study; of a long series all images only where ``series`` names it."""
    user = signed_in_user(request)
    found = _study(user, study_uid)
    return render(request, "quality_control/study.html", _context(found, request.GET.get("series", ""), RejectForm()))


@deciders_only
@require_POST
def accept(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Accept a study, and go to the one that waits longest."""
    user = signed_in_user(request)
    found = _study(user, study_uid)
    actions.accept_study(found, acting_user=user)
    _tell_other_systems(request, found, user)
    messages.success(request, "The study is accepted.")
    waiting = Study.objects.visible_to(user).filter(status=StudyStatus.UNCHECKED).exclude(pk=found.pk)
    following = waiting.order_by("received_at", "pk").first()
    if following is not None:
        return redirect("quality_control:study", following.study_instance_uid)
    return redirect("quality_control:study", study_uid)


@deciders_only
@require_POST
def undo_acceptance(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Take the acceptance of a study back."""
    user = signed_in_user(request)
    if actions.undo_acceptance(_study(user, study_uid), acting_user=user):
        messages.success(request, "The study is not accepted any more.")
    return redirect("quality_control:study", study_uid)


@deciders_only
@require_POST
def reject(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Reject the chosen images, or take their rejection back."""
    user = signed_in_user(request)
    found = _study(user, study_uid)
    choice = actions.Choice(
        frozenset(request.POST.getlist("series")),
        frozenset(request.POST.getlist("image")),
        whole_study="whole_study" in request.POST,
    )
    opened = request.POST.get("opened", "")
    if not (choice.series or choice.images or choice.whole_study):
        messages.error(request, "Choose images first.")
    elif request.POST.get("do") == "restore":
        count = actions.restore(found, choice, acting_user=user)
        messages.success(request, f"{count} image{'s are' if count != 1 else ' is'} not rejected any more.")
    else:
        form = RejectForm(request.POST)
        if not form.is_valid():
            context = _context(found, opened, form) | {"chosen": choice}
            return render(request, "quality_control/study.html", context)
        count = actions.reject(found, choice, actions.Verdict(**form.cleaned_data), acting_user=user)
        messages.success(request, f"{count} image{'s are' if count != 1 else ' is'} rejected.")
    query = f"?series={opened}" if opened in {*_series_uids(found)} else ""
    return redirect(reverse("quality_control:study", args=[study_uid]) + query)


@deciders_only
@require_POST
def note(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Tell other systems of the rejected images."""
    user = signed_in_user(request)
    if not _tell_other_systems(request, _study(user, study_uid), user):
        messages.success(request, "Every rejected image is in a note already.")
    return redirect("quality_control:study", study_uid)


@deciders_only
@require_safe
@cache_control(private=True, max_age=3600)
def picture(request: HttpRequest, study_uid: str, instance_uid: str) -> HttpResponse:
    """Send an image large enough to judge its quality."""
    found = _study(signed_in_user(request), study_uid)
    instance = get_object_or_404(Instance, series__study=found, sop_instance_uid=instance_uid)
    try:
        content = render_frame(instance, max(1, (instance.number_of_frames + 1) // 2), PICTURE_SIDE)
    except DicomwebError as error:
        raise Http404 from error
    return HttpResponse(content, content_type="image/jpeg")


@require_safe
@cache_control(private=True, no_store=True)
def rejected(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Say which images of a study its readers do not see; for everybody who sees the study."""
    user = signed_in_user(request)
    found = _study(user, study_uid)
    return JsonResponse(rejected_of(found).as_json(found, user))


def _tell_other_systems(request: HttpRequest, found: Study, user: User) -> int:
    """Put a rejection note into the study where one is due; a disk that refuses is told and tried again next time."""
    try:
        told = actions.tell_other_systems(found, acting_user=user, address=client_address(request))
    except OSError:
        logger.exception("no rejection note was written")
        messages.error(request, "The rejection note could not be written to the disk. Write it again later.")
        return 0
    if told:
        messages.success(request, f"A rejection note names {told} image{'s' if told != 1 else ''}.")
    return told


def _study(user: User, study_uid: str) -> Study:
    """Return a study; one of another facility is not there."""
    visible = Study.objects.visible_to(user).select_related("facility")
    return get_object_or_404(visible, study_instance_uid=study_uid)


def _series_uids(found: Study) -> list[str]:
    return list(found.series.values_list("series_instance_uid", flat=True))


def _context(found: Study, opened: str, form: RejectForm) -> dict[str, Any]:
    rejections = {one.instance_id: one for one in Rejection.objects.of_study(found)}
    acceptance = Acceptance.objects.filter(study=found).select_related("accepted_by").first()
    return {
        "study": found,
        "series": _shown_series(found, opened, rejections),
        "opened": opened,
        "form": form,
        "rejected": len(rejections),
        "repeats": sum(one.is_repeat_requested for one in rejections.values()),
        "untold": sum(not one.note_uid for one in rejections.values()),
        "acceptance": acceptance,
        "came_later": _came_later(found, acceptance),
        "is_waiting": found.status == StudyStatus.UNCHECKED,
        "history": _history(found),
    }


def _came_later(found: Study, acceptance: Acceptance | None) -> int:
    return max(0, actions.sent_objects(found).count() - acceptance.instance_count) if acceptance else 0


def _shown_series(found: Study, opened: str, rejections: dict[int, Rejection]) -> list[ShownSeries]:
    shown = []
    made_here = found.series.filter(instances__reception__protocol=AUTHORED)
    sent = found.series.exclude(pk__in=made_here)
    for series in sent.order_by(F("series_number").asc(nulls_last=True), "pk"):
        images = series.instances.order_by(F("instance_number").asc(nulls_last=True), "pk")
        some = list(images if series.series_instance_uid == opened else images[:SHOWN_OF_A_SERIES])
        rejected = sum(one.instance.series_id == series.pk for one in rejections.values())
        shown.append(ShownSeries(series, [Shown(one, rejections.get(one.pk)) for one in some], rejected))
    return shown


def _history(found: Study) -> list[Rejection]:
    """Return what was rejected and taken back, the last first."""
    undone = Rejection.objects.filter(instance__series__study=found, undone_at__isnull=False)
    return list(undone.select_related("instance", "reason", "rejected_by", "undone_by").order_by("-undone_at")[:20])
