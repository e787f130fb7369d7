"""What modalities say to have made and did not send."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.permissions import signed_in_user
from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.modality_worklist.performed_actions import give_up_missing
from noctis.modality_worklist.permissions import may_change_schedule, schedule_readers_only, schedule_writers_only
from noctis.network.missing_images import missing_of

PAGE_SIZE: Final = 20
LONGEST_KEY: Final = 18


@schedule_readers_only
@require_safe
def missing_images(request: HttpRequest) -> HttpResponse:
    """List the reports whose images did not all arrive, the last first; ``study`` narrows to one."""
    user = signed_in_user(request)
    steps = PerformedProcedureStep.objects.lacking_instances().visible_to(user)
    if study := request.GET.get("study", ""):
        steps = steps.filter(study_instance_uid=study)
    before = request.GET.get("before", "")
    is_later = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    if is_later:
        steps = steps.filter(pk__lt=int(before))
    found = list(steps.select_related("facility").prefetch_related("series").order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    context = {
        "missing": missing_of(shown, user),
        "is_first": not is_later,
        "next_before": shown[-1].pk if len(found) > PAGE_SIZE else None,
        "study": study,
        "shows_facility": user.sees_all_facilities,
        "may_change": may_change_schedule(user),
    }
    return render(request, "scheduling/missing.html", context)


@schedule_writers_only
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the images will not come, or look for them again."""
    user = signed_in_user(request)
    found = PerformedProcedureStep.objects.visible_to(user).select_related("facility").filter(pk=pk).first()
    if found is None:
        raise Http404
    given_up = request.POST.get("given_up") == "yes"
    give_up_missing(found, given_up=given_up, acting_user=user, address=client_address(request))
    if given_up:
        messages.success(request, "These images are missed no more. The step's page takes that back.")
    else:
        messages.success(request, "These images are missed again.")
    return redirect("scheduling:missing")
