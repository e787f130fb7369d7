"""Lets guests in to what belongs to their visit, and to nothing else.

A guest has no account and no session. A cookie, sent to the addresses of one link alone, names the visit; the view then
works with the grant of that link in the place of a user. Without a running visit a page does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from noctis.sharing.models import GuestVisit, Share, ShareState
from noctis.sharing.visits import note_seen, running_visit

View = Callable[..., HttpResponseBase]
Part = Literal["images", "report"]

TITLES: Final = {
    ShareState.CODE_USED: "This link needs a new code",
    ShareState.LOCKED: "This link is locked",
    ShareState.USED_UP: "This link was opened as often as it may be",
    ShareState.EXPIRED: "This link has expired",
    ShareState.WITHDRAWN: "This link has ended",
    ShareState.REVOKED: "This link was withdrawn",
}
WORDS: Final = {
    ShareState.CODE_USED: "A code opens the link once. Ask whoever sent you the link for a new code.",
    ShareState.LOCKED: "Too many wrong codes were given. Ask whoever sent you the link for a new code.",
    ShareState.USED_UP: "Ask whoever sent it to you for a new link, should you need to look again.",
    ShareState.EXPIRED: "Ask whoever sent it to you to extend it, or for a new link.",
    ShareState.WITHDRAWN: "Ask the facility that sent it to you for a new link.",
    ShareState.REVOKED: "Whoever sent it to you has ended it. Ask for a new link, should you still need one.",
}
VISIT_OVER: Final = (
    "Your visit has ended",
    "You left, or have not been here for a while. To look again, open the link that you were sent, with a new code.",
)


def secretive(response: HttpResponseBase) -> HttpResponseBase:
    """Let the address go nowhere and nothing stay in the browser: it may be anybody's."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def public(view: View) -> View:
    """Let a view be called by everybody.

    No token of a session is asked for: a guest has no session, and under no-referrer a browser names no origin. Giving
    a code needs the code, and the cookie of a visit does not come with requests from other sites (SameSite=Strict).
    """

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return secretive(view(request, *args, **kwargs))

    return answered


def for_guests(part: Part | None = None, *, is_page: bool = True, is_presence: bool = True) -> Callable[[View], View]:
    """Let a view be called in a visit, with the visit as its second argument, where the link shows ``part``.

    What a page asks by itself is no sign that somebody is there; without ``is_presence`` the visit rests meanwhile.
    """

    def decorate(view: View) -> View:
        @public
        @wraps(view)
        def guarded(request: HttpRequest, share_uid: UUID, **kwargs: object) -> HttpResponseBase:
            visit = running_visit(share_uid, request.COOKIES.get(cookie_name(share_uid), ""))
            if visit is None:
                return unknown_page(request)
            ended = visit.share.ended
            if ended or not visit.is_running:
                return _ended(request, visit.share, ended) if is_page else _no_visit()
            if part is not None and not shows(visit.share, part):
                raise Http404
            if is_presence:
                note_seen(visit)
            request.user = visit.share.grant
            return view(request, visit, **kwargs)

        return guarded

    return decorate


def shows(share: Share, part: Part) -> bool:
    """Whether a link is for the images, or for the report."""
    return share.has_images if part == "images" else share.has_report


def remember(response: HttpResponseBase, share: Share, secret: str) -> None:
    """Give the browser the secret of its visit, for the addresses of this link and until it is closed."""
    response.set_cookie(
        cookie_name(share.uid),
        secret,
        path=reverse("guest", args=[share.uid]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def forget(response: HttpResponseBase, visit: GuestVisit) -> None:
    """Take the secret away again."""
    uid = visit.share.uid
    response.delete_cookie(cookie_name(uid), path=reverse("guest", args=[uid]), samesite="Strict")


def cookie_name(share_uid: UUID) -> str:
    """Return the name of the cookie of a link's visits; one browser may have several links open."""
    return f"noctis_guest_{share_uid.hex}"


def unknown_page(request: HttpRequest) -> HttpResponse:
    """Say that an address names nothing for who asks."""
    return render(request, "sharing/unknown.html", status=HTTPStatus.NOT_FOUND)


def closed_page(request: HttpRequest, share: Share, state: ShareState) -> HttpResponse:
    """Say why a link does not open, to somebody who has it."""
    status = HTTPStatus.FORBIDDEN if state in {ShareState.CODE_USED, ShareState.LOCKED} else HTTPStatus.GONE
    context = {"facility": share.study.facility, "title": TITLES[state], "words": WORDS[state]}
    return render(request, "sharing/closed.html", context, status=status)


def _ended(request: HttpRequest, share: Share, ended: ShareState | None) -> HttpResponse:
    if ended is not None:
        return closed_page(request, share, ended)
    title, words = VISIT_OVER
    context = {"facility": share.study.facility, "title": title, "words": words}
    return render(request, "sharing/closed.html", context, status=HTTPStatus.GONE)


def _no_visit() -> HttpResponse:
    return HttpResponse("The visit has ended.\n", status=HTTPStatus.UNAUTHORIZED, content_type="text/plain")
