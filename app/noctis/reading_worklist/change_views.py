"""What people do with rows of the worklist: claim, assign, set a priority, take it back, get the next study."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import signed_in_user
from noctis.reading_worklist import actions
from noctis.reading_worklist.bulk import Change, Outcome, change_all, take_back
from noctis.reading_worklist.models import ReadingTask, Urgency
from noctis.reading_worklist.permissions import may_hold, may_prioritise
from noctis.reading_worklist.views import row_keys, rows_context

SESSION_KEY: Final = "worklist_undo"
KEPT_CHANGES: Final = 5

OneChange = Callable[[ReadingTask], ReadingTask]


class BadChange(Exception):
    """The form asks for something that does not exist."""


@require_POST
def claim_next(request: HttpRequest) -> HttpResponse:
    """Claim the most urgent study for who asks, and open it."""
    user = signed_in_user(request)
    if not may_hold(user):
        raise PermissionDenied
    task = actions.claim_next(acting_user=user)
    if task is None:
        messages.info(request, "No study waits for you: nothing that is complete is without a reader.")
        return redirect("worklist")
    return redirect("viewer", study_uid=task.study_instance_uid)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Change the rows named by ``row`` as ``change`` says, and show them; the answer says what was done."""
    user = signed_in_user(request)
    name = request.POST.get("change", "")
    if not may_prioritise(user) or (name != "priority" and not may_hold(user)):
        raise PermissionDenied
    try:
        one_change, done = _wanted(name, request.POST.get("value", ""), user)
    except BadChange as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    keys = row_keys(request)
    tasks = ReadingTask.objects.visible_to(user).filter(pk__in=keys)
    outcome = change_all(tasks, one_change)
    token = _remember(request.session, outcome.changes)
    response = render(request, "reading_worklist/_rows.html", rows_context(user, keys))
    return _with_toast(response, _words(outcome, done), is_success=bool(outcome.changes), undo=token)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take a change back that this session made, of the rows that nobody has changed since."""
    user = signed_in_user(request)
    kept: dict[str, Any] = request.session.get(SESSION_KEY, {})
    token = request.POST.get("token") or next(reversed(kept), "")
    if token not in kept:
        raise Http404
    changes = [Change.of_json(one) for one in kept.pop(token)]
    request.session[SESSION_KEY] = kept
    keys = [one.task_id for one in changes]
    visible = {task.pk: task for task in ReadingTask.objects.visible_to(user).filter(pk__in=keys)}
    restored = take_back(changes, visible, acting_user=user)
    left = len(changes) - len(restored)
    words = f"Undone for {studies(len(restored))}." if restored else "Nothing was undone."
    if left:
        words += f" {studies(left).capitalize()} changed since and stayed."
    response = render(request, "reading_worklist/_rows.html", rows_context(user, keys))
    return _with_toast(response, words, is_success=bool(restored))


def studies(count: int) -> str:
    """Return a number of studies in words."""
    return "1 study" if count == 1 else f"{count} studies"


def _wanted(name: str, value: str, user: User) -> tuple[OneChange, str]:
    """Return the change that a form asks for, and what is said of it once it is done."""
    if name == "claim":
        return partial(actions.claim, acting_user=user, take_over=value == "take_over"), "Claimed {studies}."
    if name == "release":
        return partial(actions.release, acting_user=user), "Released {studies}."
    if name == "assign":
        reader = User.objects.filter(pk=int(value), role=Role.RADIOLOGIST).first() if value.isdecimal() else None
        if reader is None:
            raise BadChange("There is no such radiologist.")
        return partial(actions.assign, reader=reader, acting_user=user), f"Assigned {{studies}} to {reader}."
    if name == "priority":
        urgency = Urgency.keyed(value)
        if urgency is None:
            raise BadChange("There is no such priority.")
        label = Urgency(urgency).label.lower()
        done = f"Set {{studies}} to {label}."
        return partial(actions.set_priority, urgency=Urgency(urgency), acting_user=user), done
    if name in ("no_report", "report_needed"):
        is_needed = name == "report_needed"
        done = "Marked {studies} as needing " + ("a report." if is_needed else "no report.")
        return partial(actions.need_no_report, acting_user=user, is_needed=is_needed), done
    raise BadChange("There is no such change.")


def _words(outcome: Outcome, done: str) -> str:
    sentences = [done.format(studies=studies(len(outcome.changes)))] if outcome.changes else []
    for reason, count in outcome.refusals.items():
        is_all = not outcome.changes and sum(outcome.refusals.values()) == 1
        sentences.append(reason if is_all else f"{count} left out: {reason[0].lower()}{reason[1:]}")
    return " ".join(sentences) or "Nothing changed: it is so already."


def _remember(session: SessionBase, changes: list[Change]) -> str:
    """Keep what can be taken back, and return the token that stands for it."""
    if not changes:
        return ""
    token = secrets.token_urlsafe(8)
    kept = {**session.get(SESSION_KEY, {}), token: [change.as_json() for change in changes]}
    session[SESSION_KEY] = dict(list(kept.items())[-KEPT_CHANGES:])
    return token


def _with_toast(response: HttpResponse, text: str, *, is_success: bool, undo: str = "") -> HttpResponse:
    kind = "success" if is_success else "info"
    response["HX-Trigger"] = json.dumps({"noctis:toast": {"text": text, "kind": kind, "undo": undo}})
    return response
