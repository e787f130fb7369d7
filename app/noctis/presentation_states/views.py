"""Presentations as the viewer sends them; it reads them by DICOMweb like everything else of the study."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from noctis.accounts.client_address import client_address
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.dicom.json_model import to_dicom_json
from noctis.presentation_states import actions
from noctis.presentation_states.content import InvalidContent, presentation_of

STATUSES: Final = {
    actions.NotAllowed: HTTPStatus.FORBIDDEN,
    actions.NotThere: HTTPStatus.NOT_FOUND,
    actions.NotGrey: HTTPStatus.UNPROCESSABLE_ENTITY,
}


@require_POST
@cache_control(private=True, no_store=True)
def keep_presentation(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Store a presentation state, and answer with it as DICOM JSON."""
    user = signed_in_user(request)
    visible = Study.objects.visible_to(user).select_related("facility")
    study = get_object_or_404(visible, study_instance_uid=study_uid)
    try:
        presentation = presentation_of(request.body)
        state = actions.keep_presentation(study, presentation, acting_user=user, address=client_address(request))
    except InvalidContent as error:
        return JsonResponse({"detail": str(error)}, status=HTTPStatus.BAD_REQUEST)
    except actions.Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=STATUSES[type(refused)])
    return JsonResponse({"object": to_dicom_json(state).model}, status=HTTPStatus.CREATED)
