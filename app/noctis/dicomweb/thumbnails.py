"""Thumbnails of series and studies: made beforehand by the worker, or when first asked for (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from noctis.archive.models import Instance, Series
from noctis.dicomweb.derived_files import derived_path, revision_of, write_derived
from noctis.dicomweb.errors import DicomwebError, NoSuchResource, NotAcceptable, UnreadableInstance
from noctis.dicomweb.lookups import visible_instance, visible_series, visible_study
from noctis.dicomweb.media_types import accepted
from noctis.dicomweb.placeholder import draw_placeholder
from noctis.dicomweb.rendering import render_thumbnail
from noctis.dicomweb.responses import ASK_EVERY_TIME, KEEP, dicomweb_view, send_file

logger = logging.getLogger(__name__)

MEDIA_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png"}


@dicomweb_view
def retrieve_series_thumbnail(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Send a small picture of a series' middle image."""
    return _thumbnail(request, visible_series(request.user, study_uid, series_uid))


@dicomweb_view
def retrieve_instance_thumbnail(
    request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str
) -> HttpResponseBase:
    """Send a small picture of an instance's middle frame, made anew for who asks: few ever do."""
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid)
    _require_picture(request)
    response = HttpResponse(render_thumbnail(instance), content_type=MEDIA_TYPES["jpg"])
    response.headers["Cache-Control"] = KEEP
    return response


@dicomweb_view
def retrieve_study_thumbnail(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Send a small picture of the study's largest series that has images."""
    study = visible_study(request.user, study_uid)
    images = Instance.objects.filter(series=OuterRef("pk"), number_of_frames__gt=0)
    largest = study.series.order_by(Exists(images).desc(), "-instance_count", "series_number", "id").first()
    if largest is None:
        raise NoSuchResource("This study holds no series.")
    return _thumbnail(request, largest)


def _thumbnail(request: HttpRequest, series: Series) -> HttpResponseBase:
    _require_picture(request)
    etag = f'W/"{series.pk}-{revision_of(series)}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        path = series_thumbnail(series)
        response = send_file(path, MEDIA_TYPES[path.suffix[1:]])
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = ASK_EVERY_TIME
    return response


def _require_picture(request: HttpRequest) -> None:
    if not any(not item.multipart and any(map(item.takes, MEDIA_TYPES.values())) for item in accepted(request)):
        raise NotAcceptable("A thumbnail is sent as image/jpeg or image/png only.")


def series_thumbnail(series: Series) -> Path:
    """Return the file with the picture of a series at its present revision, made now where there is none yet."""
    for extension in MEDIA_TYPES:
        path = derived_path(series, "thumbnail", extension)
        if path.exists():
            return path
    extension, picture = _picture(series)
    path = derived_path(series, "thumbnail", extension)
    try:
        write_derived(path, picture)
    except OSError as error:
        raise UnreadableInstance("The thumbnail cannot be written to the disk.") from error
    return path


def _picture(series: Series) -> tuple[str, bytes]:
    """Return extension and content of a series' picture; a drawn one where none can be rendered."""
    images = series.instances.filter(number_of_frames__gt=0).order_by("instance_number", "id")
    middle = images[images.count() // 2 :].first() if series.instance_count else None
    if middle is not None:
        try:
            return "jpg", render_thumbnail(middle)
        except DicomwebError as error:
            logger.info("no thumbnail of instance %s: %s", middle.sop_instance_uid, error)
    return "png", draw_placeholder(series.modality)
