"""Who holds the study that a viewer shows; opening it there claims it where it waits for a reader, and says so."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import signed_in_user
from noctis.problem_details import problem
from noctis.reading_worklist import actions
from noctis.reading_worklist.models import ReadingTask, Status
from noctis.reading_worklist.permissions import may_hold
from noctis.reading_worklist.views import visible_tasks

WAITS = (Status.ARRIVING, Status.READY, Status.IN_PROGRESS)


class UnknownWish(Exception):
    """The viewer asks for something that does not exist."""


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def holding(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Say who holds a study; or with ``do``: open, stay, claim, take_over or release it."""
    user = signed_in_user(request)
    task = get_object_or_404(visible_tasks(user), study_instance_uid=study_uid, study__isnull=False)
    try:
        if request.method == "POST":
            task = _granted(_wish(request), task, user)
        return JsonResponse(state(task, user))
    except UnknownWish:
        return problem(HTTPStatus.BAD_REQUEST, "There is no such wish.")
    except actions.NotAllowed as refused:
        return problem(HTTPStatus.FORBIDDEN, str(refused))
    except actions.Refused as refused:
        task.refresh_from_db()
        return problem(HTTPStatus.CONFLICT, str(refused), current=state(task, user))


def state(task: ReadingTask, user: User) -> dict[str, Any]:
    """Return who holds a study, as JSON values."""
    is_mine = task.assigned_to_id == user.pk
    return {
        "reader": task.assignee_name or None,
        "isMine": is_mine,
        "isHeld": task.is_held,
        "isOfAnother": task.is_of_another(user) and not task.is_done,
        "since": task.claimed_at.isoformat() if task.claimed_at else None,
        "status": task.status_key,
        "statusWords": Status(task.status).label,
        "priority": task.priority_key,
        "isDone": task.is_done,
        "mayHold": may_hold(user),
        "mayRelease": is_mine or user.is_administrator,
    }


def _granted(wish: object, task: ReadingTask, user: User) -> ReadingTask:
    if wish in ("open", "stay"):
        return _keep_open(task, user, begins=wish == "open")
    if wish in ("claim", "take_over"):
        return actions.claim(task, acting_user=user, take_over=wish == "take_over")
    if wish == "release":
        return actions.release(task, acting_user=user)
    raise UnknownWish


def _keep_open(task: ReadingTask, user: User, *, begins: bool) -> ReadingTask:
    """Claim a study that waits for whoever opens it, and let a reader hold it while the viewer stays open."""
    goes_on = task.assigned_to_id == user.pk and task.is_held
    if user.role != Role.RADIOLOGIST or not (goes_on or (begins and task.status in WAITS)):
        return task
    try:
        return actions.claim(task, acting_user=user, lasts=actions.OPENED_LASTS)
    except actions.Refused:
        task.refresh_from_db()
        return task


def _wish(request: HttpRequest) -> object:
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body.get("do") if isinstance(body, dict) else None
