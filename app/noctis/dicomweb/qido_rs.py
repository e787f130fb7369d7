"""QIDO-RS: search for studies, the series of a study, the instances of a series (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from noctis.archive.models import Instance, Series, Study
from noctis.dicom.json_model import JsonObject
from noctis.dicomweb import matching
from noctis.dicomweb.lookups import visible_series, visible_study
from noctis.dicomweb.matching import Matcher, Search, parse_search
from noctis.dicomweb.media_types import DICOM_JSON, require_json
from noctis.dicomweb.metadata import to_json
from noctis.dicomweb.responses import NEVER_KEEP, dicomweb_view
from noctis.dicomweb.results import instance_result, series_result, study_result

Row = TypeVar("Row", bound=Model)

STUDY_MATCHERS: Final[dict[str, Matcher]] = {
    "AccessionNumber": matching.text("accession_number"),
    "ModalitiesInStudy": matching.modalities("modalities"),
    "PatientID": matching.text("patient_identifier"),
    "PatientName": matching.name("patient_name"),
    "ReferringPhysicianName": matching.name("referring_physician"),
    "StudyDate": matching.dates("study_date"),
    "StudyDescription": matching.name("description"),
    "StudyID": matching.text("study_id"),
    "StudyInstanceUID": matching.uids("study_instance_uid"),
    "StudyTime": matching.times("study_time"),
}
SERIES_MATCHERS: Final[dict[str, Matcher]] = {
    "BodyPartExamined": matching.text("body_part"),
    "Modality": matching.text("modality"),
    "SeriesDate": matching.dates("series_date"),
    "SeriesDescription": matching.name("description"),
    "SeriesInstanceUID": matching.uids("series_instance_uid"),
    "SeriesNumber": matching.whole_number("series_number"),
    "SeriesTime": matching.times("series_time"),
}
INSTANCE_MATCHERS: Final[dict[str, Matcher]] = {
    "InstanceNumber": matching.whole_number("instance_number"),
    "SOPClassUID": matching.uids("sop_class_uid"),
    "SOPInstanceUID": matching.uids("sop_instance_uid"),
}


@dicomweb_view
def search_studies(request: HttpRequest) -> HttpResponseBase:
    """Answer with the visible studies that match, newest first."""
    require_json(request)
    search = parse_search(request.GET, STUDY_MATCHERS)

    def result(study: Study) -> JsonObject:
        address = reverse("dicomweb:studies") + f"/{study.study_instance_uid}"
        return study_result(study, request.build_absolute_uri(address))

    return _answer(search, Study.objects.visible_to(request.user).order_by("-study_date", "-study_time", "-id"), result)


@dicomweb_view
def search_series(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Answer with the series of a study that match."""
    require_json(request)
    search = parse_search(request.GET, SERIES_MATCHERS)
    study = visible_study(request.user, study_uid)
    address = request.build_absolute_uri(reverse("dicomweb:series", kwargs={"study_uid": study_uid}))

    def result(series: Series) -> JsonObject:
        return series_result(study, series, f"{address}/{series.series_instance_uid}")

    return _answer(search, study.series.order_by("series_number", "id"), result)


@dicomweb_view
def search_instances(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Answer with the instances of a series that match."""
    require_json(request)
    search = parse_search(request.GET, INSTANCE_MATCHERS)
    series = visible_series(request.user, study_uid, series_uid)
    uids = {"study_uid": study_uid, "series_uid": series_uid}
    address = request.build_absolute_uri(reverse("dicomweb:instances", kwargs=uids))

    def result(instance: Instance) -> JsonObject:
        return instance_result(series, instance, f"{address}/{instance.sop_instance_uid}")

    return _answer(search, series.instances.order_by("instance_number", "id"), result)


def _answer(search: Search, visible: QuerySet[Row], result: Callable[[Row], JsonObject]) -> HttpResponse:
    """Send one page of results, and say so where there are more."""
    rows = list(visible.filter(search.conditions)[search.offset : search.offset + search.limit + 1])
    if len(rows) > search.limit:
        search.warnings.append("There are additional results that can be requested.")
    response = HttpResponse(to_json([result(row) for row in rows[: search.limit]]), content_type=DICOM_JSON)
    response["Cache-Control"] = NEVER_KEEP
    if search.warnings:
        response["Warning"] = ", ".join(f'299 noctis "{text}"' for text in search.warnings)
    return response
