"""The page that hosts the image viewer."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import Role
from noctis.accounts.permissions import may_annotate, signed_in_user
from noctis.archive.models import FlagReason, Instance, Study, StudyFlag
from noctis.corrections.placed import studies_now
from noctis.preferences.models import Preferences
from noctis.quality_control.rejected import rejected_of
from noctis.routing.permissions import may_send
from noctis.viewer.actions import note_opened


@require_safe
@cache_control(private=True, no_store=True)
def viewer(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Show a study, and record who opened it; one that the user may not see does not exist.

    An address of a study that was merged into another leads to that one.
    """
    user = signed_in_user(request)
    study = Study.objects.visible_to(user).select_related("facility").filter(study_instance_uid=study_uid).first()
    if study is None:
        return redirect("viewer", study_uid=get_object_or_404(studies_now(user, study_uid)).study_instance_uid)
    if request.method == "GET":
        note_opened(study, acting_user=user, address=client_address(request))
    reasons = StudyFlag.objects.open().filter(study=study).order_by("reason").values_list("reason", flat=True)
    rejected = rejected_of(study).as_json(study, user, is_shown=request.GET.get("rejected") == "shown")
    context = {
        "study": study,
        "first_series": _first_series(study, () if rejected["isShown"] else rejected["series"]),
        "rejected": json.dumps(rejected) if rejected["count"] else "",
        "may_send": may_send(user),
        "may_annotate": may_annotate(user),
        "preferences": json.dumps(Preferences.sections_of(user)),
        "doubts": ". ".join(FlagReason(reason).label for reason in reasons.distinct()),
        "may_resolve": user.role in {Role.ADMINISTRATOR, Role.TECHNICIAN},
    }
    return render(request, "viewer/viewer.html", context)


def _first_series(study: Study, hidden: Iterable[str]) -> str | None:
    """Return the UID of the series that the viewer most likely begins with, so that it need not wait for the list."""
    images = Instance.objects.filter(series=OuterRef("pk"), number_of_frames__gt=0)
    shown = study.series.exclude(series_instance_uid__in=list(hidden))
    series = shown.filter(Exists(images)).order_by(F("series_number").asc(nulls_last=True), "series_instance_uid")
    return series.values_list("series_instance_uid", flat=True).first()
