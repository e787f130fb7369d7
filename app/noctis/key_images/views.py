"""Key images as the viewer reads and marks them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate, signed_in_user
from noctis.archive.models import Study
from noctis.dicom.json_model import to_dicom_json
from noctis.dicomweb.errors import DicomwebError
from noctis.key_images import actions
from noctis.key_images.content import InvalidContent, body_of, selection_of, window_of
from noctis.key_images.models import KeyImage
from noctis.key_images.pictures import picture_of
from noctis.key_images.selection_document import TITLES

STATUSES: Final = {
    actions.NotAllowed: HTTPStatus.FORBIDDEN,
    actions.NotThere: HTTPStatus.NOT_FOUND,
    actions.TooMany: HTTPStatus.UNPROCESSABLE_ENTITY,
    actions.NothingMarked: HTTPStatus.UNPROCESSABLE_ENTITY,
}
PICTURE_SIDE: Final = 1024
LARGEST_SIDE: Final = 4096


@require_safe
@cache_control(private=True, no_store=True)
def list_key_images(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List the key images of a study, and the titles that a selection of them may have."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    found = KeyImage.objects.of_study(study).visible_to(user)
    return JsonResponse(
        {
            "keyImages": [_written(image) for image in found],
            "titles": [{"code": code, "meaning": meaning} for code, meaning in TITLES.items()],
            "mayMark": may_annotate(user),
        }
    )


@require_http_methods(["PUT", "DELETE"])
@cache_control(private=True, no_store=True)
def change_key_image(request: HttpRequest, study_uid: str, instance_uid: str, frame_number: int) -> JsonResponse:
    """Mark an image of a study, or take its mark away."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    try:
        if request.method == "DELETE":
            actions.unmark(study, instance_uid, frame_number, acting_user=user)
            return JsonResponse({})
        window = window_of(body_of(request.body))
        return JsonResponse(_written(actions.mark(study, instance_uid, frame_number, window, acting_user=user)))
    except InvalidContent as error:
        return JsonResponse({"detail": str(error)}, status=HTTPStatus.BAD_REQUEST)
    except actions.Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=STATUSES[type(refused)])


@require_POST
@cache_control(private=True, no_store=True)
def keep_selection(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Store the study's key images as a Key Object Selection Document, and answer with it as DICOM JSON."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    try:
        selection = selection_of(body_of(request.body))
        document = actions.keep_selection(study, selection, acting_user=user, address=client_address(request))
    except InvalidContent as error:
        return JsonResponse({"detail": str(error)}, status=HTTPStatus.BAD_REQUEST)
    except actions.Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=STATUSES[type(refused)])
    return JsonResponse({"object": to_dicom_json(document).model}, status=HTTPStatus.CREATED)


@require_safe
@cache_control(private=True, no_store=True)
def key_image_picture(request: HttpRequest, study_uid: str, instance_uid: str, frame_number: int) -> HttpResponseBase:
    """Send a key image as a PNG, at most ``?side=`` pixels a side, in the window that its reader saw."""
    user = signed_in_user(request)
    visible = KeyImage.objects.visible_to(user).select_related("instance__series__study")
    image = get_object_or_404(
        visible,
        instance__series__study__study_instance_uid=study_uid,
        instance__sop_instance_uid=instance_uid,
        frame_number=frame_number,
    )
    wanted = request.GET.get("side", "")
    side = min(int(wanted), LARGEST_SIDE) if wanted.isascii() and wanted.isdigit() and int(wanted) else PICTURE_SIDE
    try:
        return HttpResponse(picture_of(image, side), content_type="image/png")
    except DicomwebError as error:
        return HttpResponse(f"{error}\n", status=error.status, content_type="text/plain; charset=utf-8")


def _study(user: User, study_uid: str) -> Study:
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def _written(image: KeyImage) -> dict[str, Any]:
    series = image.instance.series
    place = (series.study.study_instance_uid, image.instance.sop_instance_uid, image.frame_number)
    window = image.window
    return {
        "seriesUid": series.series_instance_uid,
        "sopInstanceUid": image.instance.sop_instance_uid,
        "frameNumber": image.frame_number,
        "instanceNumber": image.instance.instance_number,
        "seriesDescription": series.description,
        "modality": series.modality,
        "author": image.author.full_name or image.author.username,
        "markedAt": image.marked_at.isoformat(),
        "window": window and {"center": window[0], "width": window[1]},
        "picture": reverse("key_image_picture", args=place),
    }
