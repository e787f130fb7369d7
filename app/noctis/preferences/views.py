"""One's own preferences as JSON: nobody can name somebody else's."""

from __future__ import annotations

import json
from http import HTTPStatus

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from noctis.accounts.permissions import signed_in_user
from noctis.preferences.actions import keep_section
from noctis.preferences.models import Preferences
from noctis.preferences.sections import LARGEST, SECTIONS, InvalidSection, checked
from noctis.problem_details import problem


@require_safe
@cache_control(private=True, no_store=True)
def preferences(request: HttpRequest) -> JsonResponse:
    """Return every section that the user has changed."""
    return JsonResponse(Preferences.sections_of(signed_in_user(request)))


@require_http_methods(["PUT"])
@cache_control(private=True, no_store=True)
def section(request: HttpRequest, name: str) -> JsonResponse:
    """Replace one section; the answer is the section as it is kept."""
    user = signed_in_user(request)
    if name not in SECTIONS:
        raise Http404
    if len(request.body) > 2 * LARGEST:  # before it is parsed; escapes make it longer than what is kept
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Preferences are shorter than that.")
    try:
        value = checked(name, json.loads(request.body))
    except (ValueError, RecursionError):
        return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON.")
    except InvalidSection as error:
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    keep_section(name, value, acting_user=user)
    return JsonResponse(value)
