"""Performed procedure steps by the management API: read only, their modalities write them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.api.access import reader_of_schedule, require_known_parameters
from noctis.api.documents import PerformedList, PerformedPage, PerformedStepWithSeries, Problem
from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.network.missing_images import missing_of

router = Router(tags=["Performed procedure steps"])
PROBLEMS = {400: Problem, 401: Problem, 403: Problem}
COLUMNS = (
    "sop_instance_uid",
    "status",
    "reported_by",
    "patient_identifier",
    "patient_name",
    "study_instance_uid",
    "accession_number",
    "performed_step_id",
    "station_ae_title",
    "modality",
    "description",
    "start_date",
    "start_time",
    "end_date",
    "end_time",
    "discontinuation_reason",
    "missing_count",
)


@router.get("", response={200: PerformedPage, **PROBLEMS}, operation_id="list_performed_steps")
def list_performed_steps(request: HttpRequest, asked: Query[PerformedList]) -> dict[str, Any]:
    """List what modalities reported, the last first; with `lacking_instances` only where something is missing."""
    require_known_parameters(request, PerformedList)
    steps = PerformedProcedureStep.objects.lacking_instances() if asked.lacking_instances else _all()
    narrowed = {
        "start_date__gte": asked.from_date,
        "start_date__lte": asked.to_date,
        "modality": asked.modality,
        "station_ae_title": asked.station,
        "facility__code": asked.facility,
        "status": asked.status,
        "pk__lt": int(asked.after) if asked.after.isascii() and asked.after.isdigit() else None,
    }
    visible = steps.visible_to(reader_of_schedule(request))
    found = visible.filter(**{name: value for name, value in narrowed.items() if value})
    rows = list(_with_relations(found).order_by("-pk")[: asked.limit + 1])
    shown = rows[: asked.limit]
    following = str(shown[-1].pk) if len(rows) > asked.limit else None
    return {"items": [_document(step) for step in shown], "next": following}


@router.get(
    "/{int:step_id}",
    response={200: PerformedStepWithSeries, **PROBLEMS, 404: Problem},
    operation_id="read_performed_step",
)
def read_performed_step(request: HttpRequest, step_id: int) -> dict[str, Any]:
    """Return one report with its series and the instances that are missing."""
    user = reader_of_schedule(request)
    found = _with_relations(_all().visible_to(user)).prefetch_related("series")
    step = found.filter(pk=step_id).first()
    if step is None:
        raise Http404
    (missing,) = missing_of([step], user)
    lacking = {series.series_instance_uid: series for series in missing.series}
    series = [
        {
            "series_instance_uid": one.series_instance_uid,
            "description": one.description,
            "protocol_name": one.protocol_name,
            "instance_count": one.instance_count,
            "not_received": lacking[one.series_instance_uid].not_received if one.series_instance_uid in lacking else [],
            "quarantined": lacking[one.series_instance_uid].quarantined if one.series_instance_uid in lacking else [],
        }
        for one in step.series.all()
    ]
    return {**_document(step), "series": series}


def _all() -> FacilityScopedQuerySet[PerformedProcedureStep]:
    return PerformedProcedureStep.objects.all()


def _with_relations(
    steps: FacilityScopedQuerySet[PerformedProcedureStep],
) -> FacilityScopedQuerySet[PerformedProcedureStep]:
    return steps.select_related("facility").prefetch_related("scheduled_steps")


def _document(step: PerformedProcedureStep) -> dict[str, Any]:
    return {
        **{name: getattr(step, name) for name in COLUMNS},
        "id": step.pk,
        "facility": step.facility.code,
        "scheduled_steps": sorted(scheduled.pk for scheduled in step.scheduled_steps.all()),
        "missing_given_up": step.missing_given_up_at is not None,
    }
