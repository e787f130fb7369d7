"""Scheduled procedure steps by the management API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status
from ninja.errors import HttpError

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.api.access import facility_for, reader_of_schedule, require_known_parameters, writer_of_schedule
from noctis.api.documents import (
    NewStep,
    Problem,
    Step,
    StepChanges,
    StepList,
    StepMove,
    StepPageDocument,
    StepSearch,
    StepValues,
)
from noctis.modality_worklist.actions import Origin
from noctis.modality_worklist.listing import StepQuestion, page_of_steps, step_named
from noctis.modality_worklist.models import ScheduledProcedureStep, Source, StepStatus
from noctis.modality_worklist.particulars import StepParticulars, particulars_of_step
from noctis.modality_worklist.people import (
    change_for_person,
    move_for_person,
    schedule_for_person,
    steps_for,
    version_of,
)
from noctis.network.scheduled_studies import studies_of

router = Router(tags=["Scheduled procedure steps"])
PROBLEMS = {400: Problem, 401: Problem, 403: Problem}
ONE = {**PROBLEMS, 404: Problem}
WRITES = {**ONE, 409: Problem, 422: Problem}
OF_A_STEP = tuple(StepValues.model_fields)


@router.get("", response={200: StepPageDocument, **PROBLEMS}, operation_id="list_scheduled_steps")
def list_steps(request: HttpRequest, asked: Query[StepList]) -> dict[str, Any]:
    """List steps in the order of their start. To look for a patient, post to `/search`."""
    require_known_parameters(request, StepList)
    return _page(reader_of_schedule(request), asked)


@router.post("/search", response={200: StepPageDocument, **PROBLEMS}, operation_id="search_scheduled_steps")
def search_steps(request: HttpRequest, asked: StepSearch) -> dict[str, Any]:
    """Find steps by patient, order or study."""
    return _page(reader_of_schedule(request), asked)


@router.post("", response={201: Step, **PROBLEMS, 409: Problem, 422: Problem}, operation_id="schedule_step")
def create_step(request: HttpRequest, new: NewStep, response: HttpResponse) -> Status[Any]:
    """Schedule a step. 409: the accession number is taken, or the study is another patient's."""
    user = writer_of_schedule(request)
    values = {name: getattr(new, name) for name in OF_A_STEP}
    step = schedule_for_person(
        facility_for(user, new.facility),
        StepParticulars(**{**values, "station_ae_titles": tuple(new.station_ae_titles)}),
        origin=Origin(Source.API, address=client_address(request)),
        acting_user=user,
        joins_order=new.joins_order,
    )
    response["Location"] = reverse("api-1:read_scheduled_step", kwargs={"step_id": step.pk})
    return Status(201, _document(user, step))


@router.get(
    "/{int:step_id}", response={200: Step, **ONE}, operation_id="read_scheduled_step", url_name="read_scheduled_step"
)
def read_step(request: HttpRequest, step_id: int) -> dict[str, Any]:
    """Return one step."""
    user = reader_of_schedule(request)
    return _document(user, _step(user, step_id))


@router.patch("/{int:step_id}", response={200: Step, **WRITES}, operation_id="change_scheduled_step")
def change_step(request: HttpRequest, step_id: int, changes: StepChanges) -> dict[str, Any]:
    """Change a step that has not begun. 409: it was changed meanwhile, or has begun."""
    user = writer_of_schedule(request)
    step = _step(user, step_id)
    values = changes.model_dump(exclude_unset=True, exclude={"version"})
    wrong = sorted(name for name, value in values.items() if value is None and name != "birth_date")
    if wrong:
        raise HttpError(422, f"null is no value of {', '.join(wrong)}: leave out what stays.")
    if "station_ae_titles" in values:
        values["station_ae_titles"] = tuple(values["station_ae_titles"])
    changed = change_for_person(
        step,
        replace(particulars_of_step(step), **values),
        version=changes.version,
        acting_user=user,
        address=client_address(request),
    )
    return _document(user, changed)


@router.post("/{int:step_id}/status", response={200: Step, **WRITES}, operation_id="move_scheduled_step")
def move_step(request: HttpRequest, step_id: int, wanted: StepMove) -> dict[str, Any]:
    """Cancel a step, take that back, note that the patient arrived, or end what its modality does not report."""
    user = writer_of_schedule(request)
    moved = move_for_person(
        _step(user, step_id),
        StepStatus(wanted.status),
        version=wanted.version,
        acting_user=user,
        address=client_address(request),
    )
    return _document(user, moved)


def _step(user: User, step_id: int) -> ScheduledProcedureStep:
    step = steps_for(user).select_related("facility").filter(pk=step_id).first()
    if step is None:
        raise Http404
    return step


def _page(user: User, asked: StepList) -> dict[str, Any]:
    question = StepQuestion(
        **asked.model_dump(exclude={"status", "after", "limit"}),
        statuses=[StepStatus(word) for word in asked.status],
    )
    steps = steps_for(user)
    page = page_of_steps(
        question.apply(steps).select_related("facility").prefetch_related("stations", "performed_steps"),
        asked.limit,
        after=step_named(steps, asked.after),
    )
    return {
        "items": _documents(user, page.steps),
        "next": str(page.steps[-1].pk) if page.has_next else None,
    }


def _document(user: User, step: ScheduledProcedureStep) -> dict[str, Any]:
    return _documents(user, [step])[0]


def _documents(user: User, steps: Iterable[ScheduledProcedureStep]) -> list[dict[str, Any]]:
    listed = list(steps)
    studies = studies_of(listed, user)
    return [
        {
            **{name: getattr(step, name) for name in OF_A_STEP},
            "id": step.pk,
            "version": version_of(step),
            "facility": step.facility.code,
            "status": step.status,
            "source": step.source,
            "created_at": step.created_at,
            "changed_at": step.changed_at,
            "performed_steps": sorted(one.pk for one in step.performed_steps.all()),
            "archived_study_instance_uid": studies[step.pk].study_instance_uid if step.pk in studies else None,
        }
        for step in listed
    ]
