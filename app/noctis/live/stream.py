"""``/events/live``: what changed of the topics that a page asks for, as one stream of server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as AnyDatabaseError
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from noctis.accounts.models import User
from noctis.live.feed import Subscription, feed, in_database_thread, topics

HEARTBEAT_SECONDS: Final = 15.0
CHECK_SESSION_SECONDS: Final = 60.0
RETRY_MILLISECONDS: Final = 3000


async def live_events(request: HttpRequest) -> HttpResponseBase:
    """Stream what changes for the user until the page is closed or the session ends: ``?topics=studies,…``."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    user = await request.auser()
    if not isinstance(user, User) or request.session.session_key is None:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    names = sorted(set(request.GET.get("topics", "").split(",")))
    if not set(names) <= set(topics):
        return HttpResponse("There is no such topic.", status=400, content_type="text/plain")
    await sync_to_async(_release_connection)()
    stream = changes(user, request.session.session_key, names)
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response["Cache-Control"] = "no-store, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


async def changes(user: User, session_key: str, names: list[str]) -> AsyncIterator[bytes]:
    """Yield events for one page: one per topic with keys, ``heartbeat``, and ``signed-out`` at the end."""
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode() + event("heartbeat")
    checked_at = time.monotonic()
    async with feed.subscribe(user, names) as subscription:
        while True:
            news = await subscription.changed(wait_seconds=HEARTBEAT_SECONDS)
            yield b"".join(event(topic, keys=keys) for topic, keys in news.items()) or event("heartbeat")
            if time.monotonic() - checked_at < CHECK_SESSION_SECONDS:
                continue
            checked_at = time.monotonic()
            try:
                current = await in_database_thread(partial(user_of_session, session_key))
            except AnyDatabaseError:
                return  # the page connects again
            if current is None:
                yield event("signed-out")
                return
            if Subscription.of(current, names).scopes != subscription.scopes:
                return  # the page connects again, with what the user may see now


def user_of_session(session_key: str) -> User | None:
    """Return whom a session belongs to; None once it ended, or its user was deactivated or got a new password."""
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user: Any = get_user(request)
    return user if isinstance(user, User) else None


def event(name: str, **data: Any) -> bytes:
    """Return one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _release_connection() -> None:
    """Give back the connection that looked up the session: the stream lasts for hours and does not need it."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
