"""Annotations as the viewer reads and writes them: JSON, one address per study and one per annotation."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate, signed_in_user
from noctis.archive.models import Study
from noctis.viewer import annotation_actions
from noctis.viewer.annotation_content import InvalidAnnotation, checked
from noctis.viewer.models import Annotation

STATUSES: Final = {
    annotation_actions.NotAllowed: HTTPStatus.FORBIDDEN,
    annotation_actions.NotThere: HTTPStatus.NOT_FOUND,
    annotation_actions.TooMany: HTTPStatus.UNPROCESSABLE_ENTITY,
}


@require_safe
@cache_control(private=True, no_store=True)
def list_annotations(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List what is drawn on a study; one that the user may not see does not exist."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    found = Annotation.objects.visible_to(user).filter(study=study, is_removed=False).select_related("author")
    return JsonResponse({"annotations": [_written(annotation, user) for annotation in found]})


@require_http_methods(["PUT", "DELETE"])
@cache_control(private=True, no_store=True)
def change_annotation(request: HttpRequest, study_uid: str, uid: UUID) -> JsonResponse:
    """Keep a version of an annotation, or take it away; the body names the version that it was made from."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    try:
        body, version = _body(request)
        if request.method == "DELETE":
            annotation_actions.remove(study, uid, version, acting_user=user)
            return JsonResponse({})
        kept = annotation_actions.save(study, uid, checked(body), version, acting_user=user)
        return JsonResponse(_written(kept, user))
    except InvalidAnnotation as error:
        return JsonResponse({"detail": str(error)}, status=HTTPStatus.BAD_REQUEST)
    except annotation_actions.Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=STATUSES[type(refused)])
    except annotation_actions.Conflict as conflict:
        current = conflict.current and _written(conflict.current, user)
        return JsonResponse({"current": current} if current else {}, status=HTTPStatus.CONFLICT)


def _study(user: User, study_uid: str) -> Study:
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def _body(request: HttpRequest) -> tuple[dict[str, Any], int]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidAnnotation("The body is not JSON.") from error
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise InvalidAnnotation("version is not a number from 0.")
    return body, version


def _written(annotation: Annotation, user: User) -> dict[str, Any]:
    author = annotation.author
    return {
        **annotation.content,
        "uid": str(annotation.uid),
        "version": annotation.version,
        "author": author.full_name or author.username,
        "origin": annotation.origin,
        "changedAt": annotation.changed_at.isoformat(),
        "mayChange": author.pk == user.pk and may_annotate(user),
    }
