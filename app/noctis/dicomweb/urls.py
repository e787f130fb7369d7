"""Addresses of the DICOMweb services (PS3.18 10.4, 10.6). Every one is listed in tests/test_isolation.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from noctis.dicomweb import qido_rs, rendered, thumbnails, wado_objects, wado_rs

app_name = "dicomweb"
STUDY = "studies/<uid:study_uid>"
SERIES = f"{STUDY}/series/<uid:series_uid>"
INSTANCE = f"{SERIES}/instances/<uid:instance_uid>"

urlpatterns: list[URLPattern] = [
    path(f"{INSTANCE}/frames/<str:frame_list>", wado_rs.retrieve_frames, name="frames"),
    path("studies", qido_rs.search_studies, name="studies"),
    path("series", qido_rs.search_all_series, name="all_series"),
    path("instances", qido_rs.search_all_instances, name="all_instances"),
    path(f"{STUDY}/series", qido_rs.search_series, name="series"),
    path(f"{STUDY}/instances", qido_rs.search_study_instances, name="study_instances"),
    path(f"{SERIES}/instances", qido_rs.search_instances, name="instances"),
    path(STUDY, wado_objects.retrieve_study, name="study"),
    path(SERIES, wado_objects.retrieve_series, name="whole_series"),
    path(f"{STUDY}/metadata", wado_rs.retrieve_study_metadata, name="study_metadata"),
    path(f"{SERIES}/metadata", wado_rs.retrieve_series_metadata, name="series_metadata"),
    path(f"{INSTANCE}/metadata", wado_rs.retrieve_instance_metadata, name="instance_metadata"),
    path(INSTANCE, wado_objects.retrieve_instance, name="instance"),
    path(f"{INSTANCE}/rendered", rendered.retrieve_rendered, name="rendered"),
    path(f"{INSTANCE}/bulkdata/<element_path:path>", wado_rs.retrieve_bulk_data, name="bulk_data"),
    path(f"{STUDY}/thumbnail", thumbnails.retrieve_study_thumbnail, name="study_thumbnail"),
    path(f"{SERIES}/thumbnail", thumbnails.retrieve_series_thumbnail, name="series_thumbnail"),
    path(f"{INSTANCE}/thumbnail", thumbnails.retrieve_instance_thumbnail, name="instance_thumbnail"),
]
