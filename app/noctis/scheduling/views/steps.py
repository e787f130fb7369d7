"""One scheduled step: what is known of it, a new one, changes, cancelling."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import Facility, User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.modality_worklist.actions import Origin, SchedulingError
from noctis.modality_worklist.models import (
    NOT_STARTED,
    PerformedProcedureStep,
    PerformedStatus,
    ScheduledProcedureStep,
    Source,
    StepStatus,
)
from noctis.modality_worklist.particulars import InvalidParticulars
from noctis.modality_worklist.people import (
    STEPS_BY_PEOPLE,
    AccessionNumberTaken,
    ChangedMeanwhile,
    OrderExists,
    change_for_person,
    move_for_person,
    schedule_for_person,
    steps_for,
    version_of,
)
from noctis.modality_worklist.performed_actions import PerformedStepIsOver, end_performed_step
from noctis.modality_worklist.permissions import (
    may_change_schedule,
    require_change_at,
    schedule_readers_only,
    schedule_writers_only,
)
from noctis.network.missing_images import missing_of
from noctis.network.scheduled_studies import studies_of
from noctis.scheduling.forms import StepForm
from noctis.scheduling.person_names import name_as_typed
from noctis.scheduling.views.schedule import UNDO_KEY

CONFLICT = 409
# What a button says that moves a step there.
BUTTONS = {
    StepStatus.SCHEDULED: "Schedule again",
    StepStatus.ARRIVED: "Patient arrived",
    StepStatus.CANCELLED: "Cancel the step",
    StepStatus.COMPLETED: "Mark as completed",
    StepStatus.DISCONTINUED: "Mark as discontinued",
}

PHYSICIANS = (
    ("referring_physician", "Referring physician"),
    ("requesting_physician", "Requesting physician"),
    ("performing_physician", "Performing physician"),
)


@schedule_readers_only
@require_safe
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a step, its images, and what its modalities reported."""
    user = signed_in_user(request)
    found = _step(user, pk)
    reports = list(found.performed_steps.select_related("facility").prefetch_related("series"))
    context = {
        "step": found,
        "version": version_of(found),
        "study": studies_of([found], user).get(found.pk),
        "reports": missing_of(reports, user),
        "physicians": [
            (label, name_as_typed(getattr(found, name))) for name, label in PHYSICIANS if getattr(found, name)
        ],
        "siblings": _siblings(user, found),
        "may_change": may_change_schedule(user),
        "can_be_changed": found.status in NOT_STARTED,
        "moves": [(status, _button(found, status)) for status in STEPS_BY_PEOPLE[StepStatus(found.status)]],
    }
    return render(request, "scheduling/step.html", context)


@schedule_writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_step(request: HttpRequest) -> HttpResponse:
    """Schedule a step; ``like`` names a step of the order that it belongs to, ``facility`` where it takes place.

    ``study`` names a study whose patient is to be examined again, at its facility.
    """
    user = signed_in_user(request)
    study = _study(user, request.GET["study"]) if request.GET.get("study") else None
    like = _step(user, int(request.GET["like"])) if request.GET.get("like", "").isdecimal() else None
    known = like or study
    facility = known.facility if known else _facility(user, request.GET.get("facility", ""))
    if facility is None:
        return render(request, "scheduling/choose_facility.html", {"facilities": Facility.objects.all()})
    form = StepForm(request.POST or None, facility=facility, like=like, study=study)
    context = {"form": form, "facility": facility, "like": like}
    if request.method != "POST" or not form.is_valid():
        return render(request, "scheduling/step_form.html", context)
    try:
        made = schedule_for_person(
            facility,
            form.particulars,
            origin=Origin(Source.WEB, address=client_address(request)),
            acting_user=user,
            joins_order=bool(form.cleaned_data.get("joins_order")),
        )
    except OrderExists:
        form.offer_to_join()
        form.add_error("accession_number", "This patient has an order with this number. Confirm below, or correct it.")
        return render(request, "scheduling/step_form.html", context)
    except (SchedulingError, InvalidParticulars) as error:
        _add_errors(form, error)
        return render(request, "scheduling/step_form.html", context)
    messages.success(request, "The step is scheduled. Its modality finds it in its worklist now.")
    return redirect("scheduling:step", made.pk)


@schedule_writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def change_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a step; where somebody was faster, what was typed stays and theirs is shown beside it."""
    user = signed_in_user(request)
    found = _step(user, pk)
    if found.status not in NOT_STARTED:
        messages.error(
            request, f"This step is {found.get_status_display().lower()}: what was scheduled stays as it is."
        )
        return redirect("scheduling:step", found.pk)
    form = StepForm(request.POST or None, facility=found.facility, step=found)
    context: dict[str, Any] = {"form": form, "facility": found.facility, "step": found}
    if request.method != "POST" or not form.is_valid():
        return render(request, "scheduling/step_form.html", context)
    try:
        change_for_person(
            found,
            form.particulars,
            version=form.cleaned_data["version"],
            acting_user=user,
            address=client_address(request),
        )
    except ChangedMeanwhile:
        return _show_conflict(request, form, _step(user, pk), context)
    except (SchedulingError, InvalidParticulars) as error:
        _add_errors(form, error)
        return render(request, "scheduling/step_form.html", context)
    messages.success(request, "The step is saved.")
    return redirect("scheduling:step", found.pk)


@schedule_writers_only
@require_POST
def move_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the patient arrived, cancel the step, take that back, or end it by hand."""
    user = signed_in_user(request)
    found = _step(user, pk)
    wanted = request.POST.get("status", "")
    if wanted not in BUTTONS:
        raise Http404
    former = found.status
    try:
        move_for_person(
            found,
            StepStatus(wanted),
            version=request.POST.get("version", ""),
            acting_user=user,
            address=client_address(request),
        )
    except SchedulingError as error:
        messages.error(request, f"{error} Nothing was changed; this is how it stands now.")
        return redirect("scheduling:step", found.pk)
    if wanted == StepStatus.CANCELLED:
        request.session[UNDO_KEY] = {"step": found.pk, "former": former}
        return redirect("scheduling:schedule")
    messages.success(request, f"The step is now: {StepStatus(wanted).label.lower()}.")
    return redirect("scheduling:step", found.pk)


@schedule_writers_only
@require_POST
def end_report(request: HttpRequest, pk: int) -> HttpResponse:
    """End the report of a modality that will not end it any more; its steps follow."""
    user = signed_in_user(request)
    found = PerformedProcedureStep.objects.visible_to(user).select_related("facility").filter(pk=pk).first()
    status = request.POST.get("status", "")
    if found is None or status not in {PerformedStatus.COMPLETED, PerformedStatus.DISCONTINUED}:
        raise Http404
    require_change_at(user, found.facility)
    try:
        end_performed_step(found, PerformedStatus(status), acting_user=user)
    except PerformedStepIsOver:
        messages.error(request, "The modality has ended its report meanwhile.")
    else:
        messages.success(request, "The report is ended.")
    scheduled = found.scheduled_steps.order_by("pk").first()
    return redirect("scheduling:step", scheduled.pk) if scheduled else redirect("scheduling:schedule")


def _step(user: User, pk: int) -> ScheduledProcedureStep:
    found = steps_for(user).select_related("facility").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _study(user: User, uid: str) -> Study:
    """Return a study; one of another facility is not there."""
    visible = Study.objects.visible_to(user).select_related("facility", "patient")
    return get_object_or_404(visible, study_instance_uid=uid)


def _siblings(user: User, found: ScheduledProcedureStep) -> list[ScheduledProcedureStep]:
    same = steps_for(user).filter(facility=found.facility, study_instance_uid=found.study_instance_uid)
    return list(same.exclude(pk=found.pk).order_by("start_date", "start_time", "pk"))


def _facility(user: User, code: str) -> Facility | None:
    """Return where the step takes place; None where an administrator has to choose."""
    if not user.sees_all_facilities:
        if user.facility is None:
            raise PermissionDenied
        return user.facility
    found = list(Facility.objects.filter(code=code) if code else Facility.objects.all()[:2])
    return found[0] if len(found) == 1 else None


def _button(found: ScheduledProcedureStep, status: StepStatus) -> str:
    if status == StepStatus.SCHEDULED and found.status == StepStatus.ARRIVED:
        return "Patient did not arrive"
    return BUTTONS[status]


def _add_errors(form: StepForm, error: SchedulingError | InvalidParticulars) -> None:
    if isinstance(error, InvalidParticulars):
        for sentence in error.problems:
            form.add_error(None, sentence)
    else:
        form.add_error("accession_number" if isinstance(error, AccessionNumberTaken) else None, str(error))


def _show_conflict(
    request: HttpRequest, form: StepForm, current: ScheduledProcedureStep, context: dict[str, Any]
) -> HttpResponse:
    """Show what was typed again, with what is stored now; saving once more is then deliberate."""
    context["differences"] = form.differences_from(current)
    data = request.POST.copy()
    data["version"] = version_of(current)
    context["form"] = StepForm(data, facility=current.facility, step=current)
    return render(request, "scheduling/step_form.html", context, status=CONFLICT)
