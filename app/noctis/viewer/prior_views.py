"""The other studies of a patient, as the viewer asks for them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.archive.priors import Prior, contradict, priors_of
from noctis.viewer.actions import note_opened


@require_safe
@cache_control(private=True, no_store=True)
def list_priors(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List the other studies of the study's patient, the most relevant first; listing them opens none of them."""
    user = signed_in_user(request)
    study = get_object_or_404(Study.objects.visible_to(user), study_instance_uid=study_uid)
    return JsonResponse({"priors": [_written(prior) for prior in priors_of(study, user=user)]})


@require_POST
@cache_control(private=True, no_store=True)
def open_prior(request: HttpRequest, study_uid: str, prior_uid: str) -> HttpResponse:
    """Record that a prior is shown beside a study; refused where the two do not clearly belong to one person."""
    user = signed_in_user(request)
    study = get_object_or_404(Study.objects.visible_to(user), study_instance_uid=study_uid)
    others = Study.objects.visible_to(user).filter(patient_id=study.patient_id).exclude(pk=study.pk)
    prior = get_object_or_404(others.select_related("facility"), study_instance_uid=prior_uid)
    if contradict(study, prior):
        return HttpResponse(status=HTTPStatus.CONFLICT)
    note_opened(prior, acting_user=user, address=client_address(request))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _written(prior: Prior) -> dict[str, Any]:
    study = prior.study
    return {
        "studyUid": study.study_instance_uid,
        "viewerUrl": reverse("viewer", kwargs={"study_uid": study.study_instance_uid}),
        "date": study.study_date.isoformat() if study.study_date else None,
        "time": study.study_time.isoformat("minutes") if study.study_time else None,
        "description": study.description,
        "modalities": study.modality_list,
        "bodyParts": list(prior.body_parts),
        "seriesCount": study.series_count,
        "instanceCount": study.instance_count,
        "isEarlier": prior.is_earlier,
        "isDoubtful": prior.is_doubtful,
        "sameModality": prior.same_modality,
        "sameRegion": prior.same_region,
    }
