"""The list of what is scheduled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.modality_worklist.listing import page_of_steps, step_named
from noctis.modality_worklist.models import PerformedProcedureStep, ScheduledProcedureStep
from noctis.modality_worklist.people import steps_for, version_of
from noctis.modality_worklist.permissions import may_change_schedule, schedule_readers_only
from noctis.network.scheduled_studies import studies_of
from noctis.scheduling.filters import ScheduleFilter, ScheduleFilterForm, date_ranges

PAGE_SIZE: Final = 50
UNDO_KEY: Final = "schedule_cancelled"


@dataclass(frozen=True)
class Row:
    """A step, the study of its images and what its modalities reported."""

    step: ScheduledProcedureStep
    study: Study | None
    reports: list[PerformedProcedureStep]

    @property
    def missing(self) -> int:
        """How many instances did not arrive, but for those that were given up."""
        return sum(report.missing_count or 0 for report in self.reports if report.missing_given_up_at is None)


@schedule_readers_only
@require_safe
def schedule(request: HttpRequest) -> HttpResponse:
    """Show the schedule with the filter that this session remembers."""
    user = signed_in_user(request)
    wanted = ScheduleFilter.remembered_in(request.session)
    context = results_context(request, user, wanted) | {
        "filter_form": ScheduleFilterForm(initial=wanted.__dict__, user=user),
        "date_ranges": date_ranges(),
        "lacking": PerformedProcedureStep.objects.lacking_instances().visible_to(user).count(),
        "cancelled": _just_cancelled(request, user),
    }
    return render(request, "scheduling/schedule.html", context)


@schedule_readers_only
@require_POST
def filter_steps(request: HttpRequest) -> HttpResponse:
    """Remember the filter of the posted form and show what it finds; without htmx by way of the whole page."""
    user = signed_in_user(request)
    reset = "reset" in request.POST
    wanted = ScheduleFilter.usual() if reset else ScheduleFilterForm(request.POST, user=user).filter
    wanted.remember_in(request.session)
    if not request.headers.get("HX-Request"):
        return redirect("scheduling:schedule")
    response = render(request, "scheduling/_results.html", results_context(request, user, wanted))
    response["HX-Replace-Url"] = reverse("scheduling:schedule")
    return response


@schedule_readers_only
@require_POST
def list_steps(request: HttpRequest) -> HttpResponse:
    """Show one page for the posted filter without remembering it: another tab may have a filter of its own."""
    user = signed_in_user(request)
    wanted = ScheduleFilterForm(request.POST, user=user).filter
    return render(request, "scheduling/_results.html", results_context(request, user, wanted))


def results_context(request: HttpRequest, user: User, wanted: ScheduleFilter) -> dict[str, Any]:
    """Return what the results need."""
    visible = steps_for(user)
    after, before = (step_named(visible, request.GET.get(name, "")) for name in ("after", "before"))
    reports = Prefetch("performed_steps", queryset=PerformedProcedureStep.objects.order_by("pk").defer("data_set"))
    found = wanted.question.apply(visible).select_related("facility").prefetch_related("stations", reports)
    page = page_of_steps(found, PAGE_SIZE, after=after, before=before)
    studies = studies_of(page.steps, user)
    return {
        "page": page,
        "rows": [Row(step, studies.get(step.pk), list(step.performed_steps.all())) for step in page.steps],
        "wanted": wanted,
        "shows_facility": user.sees_all_facilities,
        "may_change": may_change_schedule(user),
    }


def _just_cancelled(request: HttpRequest, user: User) -> dict[str, Any] | None:
    """Return the step that was cancelled on the page before, with what undoes it."""
    kept = request.session.pop(UNDO_KEY, None)
    if kept is None:
        return None
    step = steps_for(user).filter(pk=kept["step"]).first()
    return {"step": step, "former": kept["former"], "version": version_of(step)} if step is not None else None
