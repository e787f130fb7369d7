"""Answers: errors as one sentence, JSON, files, multipart; and how long each may be kept by the browser."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from noctis.dicomweb.errors import DicomwebError, UnreadableInstance
from noctis.stored_files import stored_file

logger = logging.getLogger(__name__)

NEVER_KEEP: Final = "private, no-store"
ASK_EVERY_TIME: Final = "private, no-cache"
# What a UID names never changes; Vary: Cookie keeps it from the next person at the same browser.
KEEP: Final = "private, max-age=86400, immutable"
SENT_AT_ONCE: Final = 8 * 1024 * 1024

View = Callable[..., HttpResponseBase]


class Closable(Protocol):
    """Something that must be closed once the answer is sent."""

    def close(self) -> None:
        """Let go of it."""


def dicomweb_view(view: View) -> View:
    """Make a function a DICOMweb resource: GET and HEAD only, errors as plain sentences."""

    @require_safe
    @functools.wraps(view)
    def resource(request: HttpRequest, *args: Any, **uids: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **uids)
        except DicomwebError as error:
            if isinstance(error, UnreadableInstance):
                logger.error("%s: %s", request.path, error)  # noqa: TRY400  (the sentence says it; a trace may hold PHI)
            return sentence(error.status, str(error))
        patch_vary_headers(response, ("Accept", "Cookie"))
        return _without_body(response) if request.method == "HEAD" else response

    return resource


def sentence(status: HTTPStatus, text: str) -> HttpResponse:
    """Return an error as plain text."""
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = NEVER_KEEP
    return response


def stream(
    content_type: str, length: int, chunks: Callable[[], Iterator[bytes]], source: Closable
) -> HttpResponse | StreamingHttpResponse:
    """Send ``length`` bytes and close ``source``; what is small goes out in one piece."""
    response: HttpResponse | StreamingHttpResponse
    if length <= SENT_AT_ONCE:
        try:
            response = HttpResponse(b"".join(chunks()), content_type=content_type)
        finally:
            source.close()
    else:
        response = StreamingHttpResponse(_Body(chunks(), source), content_type=content_type)
    response["Content-Length"] = str(length)
    return response


class _Body:
    """Chunks with something that Django closes after the last of them, or when the client is gone."""

    def __init__(self, chunks: Iterator[bytes], source: Closable) -> None:
        self._chunks = chunks
        self.close = source.close

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


def send_file(path: Path, content_type: str) -> HttpResponseBase:
    """Send a file of the data directory. Raises UnreadableInstance."""
    try:
        return stored_file(path, content_type)
    except OSError as error:
        raise UnreadableInstance("The stored file cannot be opened.") from error


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """Return what HEAD gets: the headers alone."""
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
        return response
    bare = HttpResponse(status=response.status_code, headers=dict(response.items()))
    response.close()
    return bare
