"""The viewer's page: who may open it, what it tells the viewer, what it leaves behind."""

from __future__ import annotations

import json
from html import unescape

import pytest
from django.test import Client

from noctis.accounts.models import Facility, Role, User
from noctis.archive import indexer
from noctis.archive.models import Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.preferences.actions import keep_section

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(data_dir) -> Study:
    deliver(image(), reception("NORTH"))
    indexer.index_spool()
    return Study.objects.get()


def client_of(role: str, facility: str = "") -> tuple[Client, User]:
    home = Facility.objects.get_or_create(code=facility, defaults={"name": facility})[0] if facility else None
    user = User.objects.create_user(f"{role}-{facility}".lower(), role=role, facility=home)
    client = Client()
    client.force_login(user)
    return client, user


def opened() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=Action.STUDY_OPENED))


@pytest.mark.parametrize(
    ("role", "facility"),
    [(Role.RADIOLOGIST, ""), (Role.ADMINISTRATOR, ""), (Role.TECHNICIAN, "NORTH"), (Role.FACILITY_USER, "NORTH")],
)
def test_the_page_names_the_study_and_who_opened_it_is_recorded(study, role, facility):
    client, user = client_of(role, facility)
    response = client.get(f"/viewer/{study.study_instance_uid}")
    assert response.status_code == 200
    page = response.content.decode()
    assert f'data-study-uid="{study.study_instance_uid}"' in page
    assert 'data-dicomweb-root="/dicom-web"' in page
    assert 'data-worklist-url="/worklist"' in page
    assert 'data-sign-in-url="/sign-in"' in page
    assert "assets/1.js" in page
    assert "assets/0.js" not in page
    (entry,) = opened()
    assert (entry.user, entry.facility, entry.study_instance_uid) == (user, study.facility, study.study_instance_uid)
    assert (entry.address, entry.detail) == ("127.0.0.1", {})


def test_the_page_names_what_the_viewer_asks_for_first(study):
    deliver(image(series=2, SeriesNumber=1), reception("NORTH"))
    deliver(image(series=3, SeriesNumber=None), reception("NORTH"))
    indexer.index_spool()
    page = client_of(Role.RADIOLOGIST)[0].get(f"/viewer/{study.study_instance_uid}").content.decode()
    first = study.series.order_by("series_number", "series_instance_uid").exclude(series_number=None).first()
    assert first is not None
    assert f'data-first-series="{first.series_instance_uid}"' in page
    assert '<link rel="preload" as="script" crossorigin href="/static/bundle/assets/2.js">' in page


def test_the_page_holds_nothing_of_the_patient_and_is_never_kept(study):
    response = client_of(Role.RADIOLOGIST)[0].get(f"/viewer/{study.study_instance_uid}")
    assert study.patient_name not in response.content.decode()
    assert study.patient_name.partition("^")[0] not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_page_brings_the_readers_own_preferences_along(study):
    client, user = client_of(Role.RADIOLOGIST)
    keep_section("hanging", {"format": 1, "name": '"><script>'}, acting_user=user)
    page = client.get(f"/viewer/{study.study_instance_uid}").content.decode()
    written = page.partition('data-preferences="')[2].partition('"')[0]
    assert "<" not in written
    assert json.loads(unescape(written)) == {"hanging": {"format": 1, "name": '"><script>'}}


@pytest.mark.parametrize(("role", "facility"), [(Role.TECHNICIAN, "SOUTH"), (Role.TECHNICIAN, ""), ("", "NORTH")])
def test_a_study_of_others_does_not_exist(study, role, facility):
    assert client_of(role, facility)[0].get(f"/viewer/{study.study_instance_uid}").status_code == 404
    assert opened() == []


@pytest.mark.parametrize("uid", ["1.2.3", "x", "..", "01.2"])
def test_an_unknown_study_is_not_found(study, uid):
    assert client_of(Role.RADIOLOGIST)[0].get(f"/viewer/{uid}").status_code == 404


def test_anonymous_is_led_to_the_sign_in_page_and_back(study):
    response = Client().get(f"/viewer/{study.study_instance_uid}")
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in?next=/viewer/{study.study_instance_uid}"
    assert opened() == []


def test_asking_whether_the_page_is_there_opens_nothing(study):
    client, _ = client_of(Role.RADIOLOGIST)
    assert client.head(f"/viewer/{study.study_instance_uid}").status_code == 200
    assert client.post(f"/viewer/{study.study_instance_uid}").status_code == 405
    assert opened() == []
