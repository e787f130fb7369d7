"""Every DICOMweb address, tried by owner, colleague of another facility, someone without a role, and anonymous.

A new address without an entry in ADDRESSES fails, and so is never published untried.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from noctis.accounts.models import Role
from noctis.archive.models import Instance
from noctis.dicomweb.tests.conftest import File, body_of, client_of
from noctis.dicomweb.urls import urlpatterns

pytestmark = pytest.mark.django_db

UNKNOWN = "1.2.826.0.1.3680043.10.1561.404"


def study(instance: Instance) -> dict[str, str]:
    return {"study_uid": instance.series.study.study_instance_uid}


def series(instance: Instance) -> dict[str, str]:
    return study(instance) | {"series_uid": instance.series.series_instance_uid}


def sop(instance: Instance) -> dict[str, str]:
    return series(instance) | {"instance_uid": instance.sop_instance_uid}


ADDRESSES: dict[str, Callable[[Instance], dict[str, str]]] = {
    "studies": lambda _: {},
    "all_series": lambda _: {},
    "all_instances": lambda _: {},
    "study": study,
    "whole_series": series,
    "series": study,
    "study_instances": study,
    "instances": series,
    "study_metadata": study,
    "series_metadata": series,
    "instance_metadata": sop,
    "instance": sop,
    "frames": lambda instance: sop(instance) | {"frame_list": "1"},
    "rendered": sop,
    "bulk_data": lambda instance: sop(instance) | {"path": "7FE00010"},
    "study_thumbnail": study,
    "series_thumbnail": series,
    "instance_thumbnail": sop,
}
NAMES = [str(pattern.name) for pattern in urlpatterns]
EVERYWHERE = ("studies", "all_series", "all_instances")
BELOW_STUDIES = [name for name in NAMES if name not in EVERYWHERE]


@pytest.fixture
def north(file: File) -> Instance:
    return file("CT_small.dcm", facility="NORTH")[0]


def url(name: str, instance: Instance, **changed: str) -> str:
    return reverse(f"dicomweb:{name}", kwargs=ADDRESSES[name](instance) | changed)


def test_every_address_is_tried_here():
    assert sorted(NAMES) == sorted(ADDRESSES)


@pytest.mark.parametrize(
    ("role", "facility"),
    [(Role.TECHNICIAN, "NORTH"), (Role.FACILITY_USER, "NORTH"), (Role.RADIOLOGIST, ""), (Role.ADMINISTRATOR, "")],
)
def test_the_owner_is_served(north, role, facility):
    client = client_of(role, facility)
    for name in NAMES:
        response = client.get(url(name, north))
        body = body_of(response)
        expected = 406 if name == "rendered" else 200  # an image has no such form; test_rendered.py tries a document
        assert response.status_code == expected, (name, body)
        assert response["Cache-Control"].startswith("private"), name
        assert expected != 200 or "Cookie" in response["Vary"], name


@pytest.mark.parametrize(
    ("role", "facility"),
    [(Role.TECHNICIAN, "SOUTH"), (Role.FACILITY_USER, "SOUTH"), (Role.TECHNICIAN, ""), ("", "NORTH")],
)
def test_what_belongs_to_others_does_not_exist(north, role, facility):
    client = client_of(role, facility)
    for name in BELOW_STUDIES:
        response = client.get(url(name, north))
        assert (response.status_code, response["Cache-Control"]) == (404, "private, no-store"), name
    for name in EVERYWHERE:
        assert client.get(url(name, north)).json() == []
        assert client.get(url(name, north), {"StudyInstanceUID": study(north)["study_uid"]}).json() == []


@pytest.mark.parametrize("name", NAMES)
def test_anonymous_is_asked_to_sign_in(north, name):
    assert Client().get(url(name, north)).status_code == 401


def test_an_unknown_uid_is_answered_like_a_foreign_one(north):
    stranger, reader = client_of(Role.TECHNICIAN, "SOUTH"), client_of(Role.RADIOLOGIST)
    for name in BELOW_STUDIES:
        foreign = stranger.get(url(name, north))
        for level in ADDRESSES[name](north):
            if level.endswith("_uid"):
                response = reader.get(url(name, north, **{level: UNKNOWN}))
                assert (response.status_code, response.content) == (404, foreign.content), (name, level)


def test_an_object_is_found_only_below_its_own_study_and_series(north, file):
    (other,) = file("MR_small.dcm", facility="NORTH")
    reader = client_of(Role.RADIOLOGIST)
    for name in BELOW_STUDIES:
        kwargs = ADDRESSES[name](north)
        if "series_uid" in kwargs:
            mixed = reverse(f"dicomweb:{name}", kwargs=kwargs | study(other))
            assert reader.get(mixed).status_code == 404, name


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(north, method):
    administrator = client_of(Role.ADMINISTRATOR)
    for name in NAMES:
        assert getattr(administrator, method)(url(name, north)).status_code == 405, name


@pytest.mark.parametrize("uid", ["..", "1..2", "01.2", "1.2.", "%2e%2e", "1.2%00", "x", "9" * 65, "1.2/../1.3"])
def test_what_is_no_uid_is_no_address(north, uid):
    reader = client_of(Role.RADIOLOGIST)
    assert reader.get(f"/dicom-web/studies/{uid}/metadata").status_code == 404
    assert reader.get(f"/dicom-web/studies/{study(north)['study_uid']}/series/{uid}/thumbnail").status_code == 404
