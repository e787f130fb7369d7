"""The key images of a report as pictures."""

from __future__ import annotations

import math
from typing import Final

from django.http import HttpRequest, HttpResponse

from noctis.archive.models import Instance
from noctis.dicomweb.errors import DicomwebError
from noctis.dicomweb.rendering import render_frame
from noctis.reports.content import images_of
from noctis.reports.models import Report

PICTURE_SIDE: Final = 1024


def holds(report: Report | None, instance_uid: str, frame_number: int) -> bool:
    """Whether a frame is a key image of a report or of its addenda."""
    if report is None:
        return False
    documents = [*report.content.values(), *(addendum.document for addendum in report.addenda.all())]
    held = images_of(documents)
    return any((image["instance"], image["frame"]) == (instance_uid, frame_number) for image in held)


def picture(request: HttpRequest, instance: Instance, frame_number: int) -> HttpResponse:
    """Draw a frame as a PNG, in the window of ``?center=&width=`` or else in its own."""
    try:
        drawn = render_frame(instance, frame_number, PICTURE_SIDE, _window(request), "PNG")
    except DicomwebError as error:
        return HttpResponse(f"{error}\n", status=error.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(drawn, content_type="image/png")


def _window(request: HttpRequest) -> tuple[float, float] | None:
    try:
        center, width = float(request.GET["center"]), float(request.GET["width"])
    except (KeyError, ValueError):
        return None
    return (center, width) if math.isfinite(center) and math.isfinite(width) and width >= 1 else None
