"""Attachments as the viewer lists, sends and fetches them.

A file travels as the body of a PUT, read as it comes in; its name goes in Content-Disposition (RFC 6266), because it
may hold a patient's name and addresses end up in logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header, parse_header_parameters
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import signed_in_user
from noctis.archive.models import Study
from noctis.attachments import actions
from noctis.attachments.file_area import TooLarge, place_of
from noctis.attachments.media_types import PREVIEWED_IMAGES
from noctis.attachments.models import AUDIENCES_OF_ROLES, Attachment, Audience, Category, Subject
from noctis.attachments.names import download_name
from noctis.attachments.preview import NoPreview, preview_of
from noctis.attachments.scanner import ScannerFailed
from noctis.problem_details import problem
from noctis.stored_files import stored_file

CHUNK: Final = 1024 * 1024
# What was uploaded may never run, load or show anything, wherever a browser opens it.
HARMLESS: Final = "default-src 'none'; sandbox"
# What an upload says of its file in the query, and what counts where it does not.
CHOSEN: Final = (
    ("category", Category, ""),
    ("subject", Subject, Subject.STUDY.value),
    ("audience", Audience, Audience.EVERYONE.value),
)
STATUSES: Final = {
    actions.NotAllowed: HTTPStatus.FORBIDDEN,
    actions.Empty: HTTPStatus.BAD_REQUEST,
    actions.NotAnAllowedType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    actions.Malicious: HTTPStatus.UNPROCESSABLE_ENTITY,
    actions.TooMany: HTTPStatus.UNPROCESSABLE_ENTITY,
    actions.Taken: HTTPStatus.CONFLICT,
}


@require_safe
@cache_control(private=True, no_store=True)
def attachments_page(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Show the files beside a study without the viewer around them."""
    return render(request, "attachments/attachments.html", {"study": _study(signed_in_user(request), study_uid)})


@require_safe
@cache_control(private=True, no_store=True)
def list_attachments(request: HttpRequest, study_uid: str) -> JsonResponse:
    """List what is attached to a study; one that the user may not see does not exist."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    found = Attachment.objects.visible_to(user).beside(study).filter(is_removed=False).select_related("author")
    return JsonResponse(
        {
            "attachments": [_written(attachment, user) for attachment in found],
            "categories": _choices(Category),
            "subjects": _choices(actions.subjects_of(study, user)),
            "audiences": _choices(AUDIENCES_OF_ROLES.get(user.role, ())),
            "largest": _largest(),
            "isScanned": bool(settings.NOCTIS_CLAMD_SOCKET),
        }
    )


@require_http_methods(["PUT", "DELETE"])
@cache_control(private=True, no_store=True)
def change_attachment(request: HttpRequest, study_uid: str, uid: UUID) -> HttpResponse:
    """Attach the file in the body, or take an attachment away."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    if request.method == "DELETE":
        return _set_removed(user, study, uid, removed=True)
    chosen = {}
    for name, choices, default in CHOSEN:
        chosen[name] = request.GET.get(name, default)
        if chosen[name] not in choices.values:
            return problem(HTTPStatus.BAD_REQUEST, f"{name} is none of {', '.join(choices.values)}.")
    return _attach(request, user, study, actions.Label(uid, _name(request), **chosen))


@require_POST
@cache_control(private=True, no_store=True)
def restore_attachment(request: HttpRequest, study_uid: str, uid: UUID) -> HttpResponse:
    """Bring a removed attachment back."""
    user = signed_in_user(request)
    return _set_removed(user, _study(user, study_uid), uid, removed=False)


@require_safe
@cache_control(private=True, no_store=True)
def attachment_file(request: HttpRequest, study_uid: str, uid: UUID) -> HttpResponseBase:
    """Send the bytes as they were uploaded, for the disk and never for the window."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    attachment = _attachment(user, study, uid)
    try:
        response = stored_file(place_of(attachment.sha256), attachment.media_type)
    except OSError:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The stored file cannot be opened.")
    name = download_name(attachment.name, attachment.media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Security-Policy"] = HARMLESS
    response["X-Content-Type-Options"] = "nosniff"
    if request.method == "GET":
        actions.note_read(attachment, study, acting_user=user)
    return response


@require_safe
@cache_control(private=True, no_store=True)
def attachment_preview(request: HttpRequest, study_uid: str, uid: UUID) -> HttpResponse:
    """Draw an attached image; other kinds have no preview from here."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    attachment = _attachment(user, study, uid)
    if attachment.media_type not in PREVIEWED_IMAGES:
        return problem(HTTPStatus.NOT_FOUND, "Files of this kind have no preview.")
    try:
        picture = preview_of(place_of(attachment.sha256))
    except NoPreview as error:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    if request.method == "GET":
        actions.note_read(attachment, study, acting_user=user)
    response = HttpResponse(picture, content_type="image/webp")
    response["Content-Security-Policy"] = HARMLESS
    return response


def _study(user: User, study_uid: str) -> Study:
    return get_object_or_404(Study.objects.visible_to(user).select_related("facility"), study_instance_uid=study_uid)


def _attachment(user: User, study: Study, uid: UUID) -> Attachment:
    return get_object_or_404(Attachment.objects.visible_to(user).beside(study), uid=uid, is_removed=False)


def _set_removed(user: User, study: Study, uid: UUID, *, removed: bool) -> HttpResponse:
    attachment = get_object_or_404(Attachment.objects.visible_to(user).beside(study), uid=uid)
    try:
        actions.set_removed(attachment, study, removed=removed, acting_user=user)
    except actions.NotAllowed as refused:
        return problem(STATUSES[type(refused)], str(refused))
    return JsonResponse({})


def _attach(request: HttpRequest, user: User, study: Study, label: actions.Label) -> HttpResponse:
    try:
        attachment = actions.attach(study, label, _body(request), acting_user=user)
    except TooLarge:
        most = settings.NOCTIS_ATTACHMENT_MAX_MEGABYTES
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A file may have up to {most} MB.")
    except ScannerFailed as error:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{error} The file was not kept.")
    except actions.Refused as refused:
        return problem(STATUSES[type(refused)], str(refused))
    except UnreadablePostError:
        return problem(HTTPStatus.BAD_REQUEST, "The file did not arrive whole.")
    return JsonResponse(_written(attachment, user), status=HTTPStatus.CREATED)


def _name(request: HttpRequest) -> str:
    _, parameters = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    return parameters.get("filename", "")


def _body(request: HttpRequest) -> Iterator[bytes]:
    """Yield the body as it comes in; one that says it is too large is not waited for.

    Who breaks off is met as an early end by some servers, so what was announced is counted. Raises UnreadablePostError.
    """
    announced = int(request.headers.get("Content-Length") or 0)
    if announced > _largest():
        raise TooLarge
    size = 0
    while chunk := request.read(CHUNK):
        size += len(chunk)
        yield chunk
    if size < announced:
        raise UnreadablePostError("The body ended early.")


def _largest() -> int:
    most: int = settings.NOCTIS_ATTACHMENT_MAX_MEGABYTES
    return most * 1_000_000


def _choices(choices: Iterable[TextChoices]) -> list[dict[str, str]]:
    return [{"id": choice.value, "label": str(choice.label)} for choice in choices]


def _written(attachment: Attachment, user: User) -> dict[str, Any]:
    return {
        "uid": str(attachment.uid),
        "name": attachment.name,
        "subject": attachment.subject,
        "category": attachment.category,
        "audience": attachment.audience,
        "isLater": attachment.is_later,
        "mediaType": attachment.media_type,
        "size": attachment.size,
        "isScanned": attachment.is_scanned,
        "hasPreview": attachment.media_type in PREVIEWED_IMAGES,
        "author": attachment.author.full_name or attachment.author.username,
        "addedAt": attachment.added_at.isoformat(),
        "mayRemove": actions.may_remove(attachment, user),
    }
