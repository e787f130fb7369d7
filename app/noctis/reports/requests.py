"""What the addresses of reports have in common: the study that is meant, the body, and how a refusal is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.problem_details import problem
from noctis.reports import actions, locks
from noctis.reports.content import InvalidContent
from noctis.reports.presentation import written
from noctis.reports.warnings import as_values

STATUSES: Final = {
    actions.NotAllowed: HTTPStatus.FORBIDDEN,
    actions.WrongPassword: HTTPStatus.UNPROCESSABLE_ENTITY,
    actions.AlreadySigned: HTTPStatus.CONFLICT,
    actions.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
}

View = Callable[..., HttpResponse]


def explains_refusals(view: View) -> View:
    """Answer what an action refuses with a problem that says why."""

    @wraps(view)
    def answered(request: HttpRequest, study_uid: str) -> HttpResponse:
        try:
            return view(request, study_uid)
        except InvalidContent as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))
        except locks.Locked as error:
            return problem(HTTPStatus.LOCKED, str(error))
        except actions.NotAcknowledged as refused:
            return problem(HTTPStatus.CONFLICT, str(refused), warnings=as_values(refused.warnings))
        except actions.Refused as refused:
            return problem(STATUSES[type(refused)], str(refused))
        except actions.Conflict as conflict:
            current = written(conflict.current, signed_in_user(request))
            return problem(HTTPStatus.CONFLICT, "The report was changed meanwhile.", current=current)

    return answered


def study_for(user: User, study_uid: str) -> Study:
    """Return the study, if ``user`` may see it. Raises Http404."""
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that was sent. Raises InvalidContent."""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidContent("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidContent("The body is no object.")
    return body


def version_in(body: dict[str, Any]) -> int:
    """Return the version that a change was made from. Raises InvalidContent."""
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise InvalidContent("version is not a number from 0.")
    return version


def password_in(body: dict[str, Any]) -> str:
    """Return the password with which somebody signs."""
    password = body.get("password")
    return password if isinstance(password, str) else ""


def acknowledged_in(body: dict[str, Any]) -> frozenset[str]:
    """Return the keys of the warnings that the signer acknowledged."""
    keys = body.get("acknowledged")
    return frozenset(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else frozenset()
