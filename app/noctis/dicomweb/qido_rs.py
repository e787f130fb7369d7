"""QIDO-RS: search for studies, series and instances, everywhere or below a study or a series (PS3.18 10.6)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from noctis.archive.query import seen_by
from noctis.archive.query_attributes import Level
from noctis.dicomweb.lookups import visible_series, visible_study
from noctis.dicomweb.matching import parse_search
from noctis.dicomweb.media_types import DICOM_JSON, require_json
from noctis.dicomweb.metadata import to_json
from noctis.dicomweb.responses import NEVER_KEEP, dicomweb_view
from noctis.dicomweb.results import result, returned


@dicomweb_view
def search_studies(request: HttpRequest) -> HttpResponseBase:
    """Answer with the visible studies that match, newest first."""
    return _search(request, Level.STUDY)


@dicomweb_view
def search_series(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Answer with the series of a study that match."""
    visible_study(request.user, study_uid)
    return _search(request, Level.SERIES, StudyInstanceUID=study_uid)


@dicomweb_view
def search_all_series(request: HttpRequest) -> HttpResponseBase:
    """Answer with the visible series that match, whatever their study."""
    return _search(request, Level.SERIES)


@dicomweb_view
def search_all_instances(request: HttpRequest) -> HttpResponseBase:
    """Answer with the visible instances that match, whatever their series."""
    return _search(request, Level.IMAGE)


@dicomweb_view
def search_study_instances(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Answer with the instances of a study that match."""
    visible_study(request.user, study_uid)
    return _search(request, Level.IMAGE, StudyInstanceUID=study_uid)


@dicomweb_view
def search_instances(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Answer with the instances of a series that match."""
    visible_series(request.user, study_uid, series_uid)
    return _search(request, Level.IMAGE, StudyInstanceUID=study_uid, SeriesInstanceUID=series_uid)


def _search(request: HttpRequest, level: Level, **path: str) -> HttpResponse:
    """Send one page of results, and say so where there are more."""
    require_json(request)
    search = parse_search(request.GET, level, returned(level, path), **path)
    rows = list(search.query.rows(seen_by(request.user), offset=search.offset, limit=search.limit + 1))
    if len(rows) > search.limit:
        search.warnings.append("There are additional results that can be requested.")
    root = request.build_absolute_uri(reverse("dicomweb:studies")).removesuffix("/studies")
    results = [result(search.query, row, root) for row in rows[: search.limit]]
    response = HttpResponse(to_json(results), content_type=DICOM_JSON)
    response["Cache-Control"] = NEVER_KEEP
    if search.warnings:
        response["Warning"] = ", ".join(f'299 noctis "{text}"' for text in search.warnings)
    return response
