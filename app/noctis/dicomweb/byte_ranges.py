"""Parts of what can be large, as players and readers of documents ask for them (RFC 9110 section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from noctis.dicomweb.fragments import Source, Span
from noctis.dicomweb.frames import read_span
from noctis.dicomweb.responses import Closable, stream

# A player asks for everything from some point on and reads it as slowly as it plays. It gets a piece and comes again,
# so that no thread of the web server waits for it.
MOST_AT_ONCE: Final = 4 * 1024 * 1024
_ONE_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Joined:
    """Spans of a source as one run of bytes, such as the fragments of a video."""

    def __init__(self, source: Source, spans: Sequence[Span]) -> None:
        """Join ``spans`` of ``source``."""
        self._source = source
        self._spans = spans
        self.size = sum(span.length for span in spans)

    def chunks(self, part: Span) -> Iterator[bytes]:
        """Yield the bytes of a part of the whole."""
        first, end, begins = part.offset, part.offset + part.length, 0
        for span in self._spans:
            start, stop = max(first, begins), min(end, begins + span.length)
            if start < stop:
                yield from read_span(self._source, Span(span.offset + start - begins, stop - start))
            begins += span.length


def send_ranges(
    request: HttpRequest, whole: Joined, source: Closable, *, content_type: str, etag: str
) -> HttpResponseBase:
    """Send the part that is asked for, or everything, and close ``source``.

    Several ranges at once are answered with everything, which the standard leaves open.
    """
    part = _asked_for(request, whole.size, etag)
    if part is None:
        part = Span(0, whole.size)
        response: HttpResponseBase = stream(content_type, whole.size, lambda: whole.chunks(Span(0, whole.size)), source)
    elif part.length == 0:
        source.close()
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, content_type=content_type)
        response["Content-Range"] = f"bytes */{whole.size}"
    else:
        wanted = part
        response = stream(content_type, wanted.length, lambda: whole.chunks(wanted), source)
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {part.offset}-{part.offset + part.length - 1}/{whole.size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _asked_for(request: HttpRequest, size: int, etag: str) -> Span | None:
    """Return the part that is wanted, empty where there is no such part; None where all is."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    match = _ONE_RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":  # the last so many bytes
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    length = min(last - first + 1, MOST_AT_ONCE)
    return Span(first, length) if first < size and length > 0 else Span(0, 0)
