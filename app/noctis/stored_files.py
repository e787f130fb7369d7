"""Files of the data directory as answers: Nginx sends the bytes where it is in front, after a view allowed it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseBase


def stored_file(path: Path, content_type: str) -> HttpResponseBase:
    """Send a file of the data directory: by Nginx where it is in front, else by this process. Raises OSError."""
    if settings.NOCTIS_ACCEL_PREFIX:
        inside = path.relative_to(settings.NOCTIS_DATA.root).as_posix()
        response = HttpResponse(content_type=content_type)
        response["X-Accel-Redirect"] = settings.NOCTIS_ACCEL_PREFIX.rstrip("/") + "/" + quote(inside)
        return response
    return FileResponse(path.open("rb"), content_type=content_type)
