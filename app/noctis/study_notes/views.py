"""Study notes as the viewer reads and writes them: JSON, one address per study and one per note."""

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
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.problem_details import problem
from noctis.study_notes import actions
from noctis.study_notes.models import StudyNote

LONGEST: Final = 4000
STATUSES: Final = {
    actions.NotTheAuthor: HTTPStatus.FORBIDDEN,
    actions.NotThere: HTTPStatus.NOT_FOUND,
    actions.TooMany: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class InvalidNote(Exception):
    """The note cannot be kept; the text says why."""


@require_safe
@cache_control(private=True, no_store=True)
def list_notes(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List the notes on a study; one that the user may not see does not exist."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    found = StudyNote.objects.visible_to(user).filter(study=study, is_removed=False).select_related("author")
    return JsonResponse({"notes": [_written(note, user) for note in found]})


@require_http_methods(["PUT", "DELETE"])
@cache_control(private=True, no_store=True)
def change_note(request: HttpRequest, study_uid: str, uid: UUID) -> JsonResponse:
    """Keep a version of a note, or take it away; the body names the version that it was made from."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    try:
        body, version = _body(request)
        if request.method == "DELETE":
            actions.remove(study, uid, version, acting_user=user)
            return JsonResponse({})
        return JsonResponse(_written(actions.save(study, uid, _text(body), version, acting_user=user), user))
    except InvalidNote as error:
        return problem(HTTPStatus.BAD_REQUEST, str(error))
    except actions.Refused as refused:
        return problem(STATUSES[type(refused)], str(refused))
    except actions.Conflict as conflict:
        current = conflict.current and _written(conflict.current, user)
        return problem(HTTPStatus.CONFLICT, "The note was changed meanwhile.", current=current)


def _study(user: User, study_uid: str) -> Study:
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def _body(request: HttpRequest) -> tuple[dict[str, Any], int]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidNote("The body is not JSON.") from error
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise InvalidNote("version is not a number from 0.")
    return body, version


def _text(body: dict[str, Any]) -> str:
    """Return the text with plain line ends; spaces around it say nothing."""
    sent = body.get("text")
    if not isinstance(sent, str):
        raise InvalidNote("text is no text.")
    text = "\n".join(sent.split("\r\n")).strip()
    if not text:
        raise InvalidNote("A note needs some words.")
    if len(text) > LONGEST:
        raise InvalidNote(f"A note has up to {LONGEST} characters.")
    if any(ord(character) < ord(" ") and character not in "\n\t" for character in text) or not _is_unicode(text):
        raise InvalidNote("The note holds a character that is no text.")
    return text


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair is JSON, but no text that a database keeps."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _written(note: StudyNote, user: User) -> dict[str, Any]:
    return {
        "uid": str(note.uid),
        "version": note.version,
        "text": note.text,
        "author": note.author.full_name or note.author.username,
        "madeAt": note.made_at.isoformat(),
        "changedAt": note.changed_at.isoformat(),
        "isEdited": note.version > 1,
        "mayChange": note.author_id == user.pk,
    }
