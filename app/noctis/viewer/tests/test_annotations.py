"""Annotations: who may draw, see and change them, what is refused, and that no version is lost."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from noctis.accounts.models import Role, User
from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.viewer.models import Annotation
from noctis.viewer.tests.test_viewer_page import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(data_dir) -> Study:
    deliver(image(), reception("NORTH"))
    indexer.index_spool()
    return Study.objects.get()


def drawing(study: Study, **changes: Any) -> dict[str, Any]:
    """Return what the viewer sends for a length."""
    instance = Instance.objects.get(series__study=study)
    return {
        "version": 0,
        "tool": "length",
        "seriesUid": instance.series.series_instance_uid,
        "sopInstanceUid": instance.sop_instance_uid,
        "frameNumber": 1,
        "frameOfReferenceUid": None,
        "points": [[1.5, 2, 3], [4, 5, 6.25]],
        "contour": [],
        "textAt": None,
        "text": "",
        "quantities": [{"name": "Length", "value": 12.5, "unit": "mm"}],
    } | changes


def put(client: Client, study: Study, uid: UUID, body: object) -> Any:
    path = f"/viewer/{study.study_instance_uid}/annotations/{uid}"
    return client.put(path, data=json.dumps(body), content_type="application/json")


def delete(client: Client, study: Study, uid: UUID, version: int) -> Any:
    path = f"/viewer/{study.study_instance_uid}/annotations/{uid}"
    return client.delete(path, data=json.dumps({"version": version}), content_type="application/json")


def listed(client: Client, study: Study) -> dict[str, Any]:
    response = client.get(f"/viewer/{study.study_instance_uid}/annotations")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize(
    ("role", "facility"), [(Role.RADIOLOGIST, ""), (Role.ADMINISTRATOR, ""), (Role.TECHNICIAN, "NORTH")]
)
def test_what_is_drawn_comes_back_as_it_was(study, role, facility):
    client, user = client_of(role, facility)
    uid = uuid4()
    kept = put(client, study, uid, drawing(study))
    assert kept.status_code == 200
    (found,) = listed(client, study)["annotations"]
    assert {name: found[name] for name in drawing(study)} == drawing(study) | {"version": 1}
    assert (found["uid"], found["author"], found["mayChange"]) == (str(uid), user.username, True)
    (entry,) = AuditEntry.objects.filter(action=Action.ANNOTATION_CHANGED)
    assert (entry.user, entry.facility) == (user, study.facility)
    assert entry.detail == {"annotation": str(uid), "version": 1, "removed": False}


def test_everyone_who_sees_the_study_sees_its_annotations_but_only_the_author_changes_them(study):
    author, _ = client_of(Role.RADIOLOGIST)
    uid = uuid4()
    put(author, study, uid, drawing(study))
    for role in (Role.TECHNICIAN, Role.FACILITY_USER):
        reader, _ = client_of(role, "NORTH")
        (found,) = listed(reader, study)["annotations"]
        assert found["mayChange"] is False
        assert put(reader, study, uid, drawing(study, version=1)).status_code == 403
        assert delete(reader, study, uid, 1).status_code == 403
    assert Annotation.objects.get().version == 1


def test_a_facility_user_may_look_but_not_draw(study):
    client, _ = client_of(Role.FACILITY_USER, "NORTH")
    assert listed(client, study) == {"annotations": []}
    assert "data-may-annotate" not in client.get(f"/viewer/{study.study_instance_uid}").content.decode()
    assert put(client, study, uuid4(), drawing(study)).status_code == 403
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("role", "facility"), [(Role.TECHNICIAN, "SOUTH"), (Role.FACILITY_USER, "SOUTH"), ("", "NORTH")]
)
def test_the_study_of_another_facility_does_not_exist(study, role, facility):
    uid = uuid4()
    put(client_of(Role.RADIOLOGIST)[0], study, uid, drawing(study))
    stranger, _ = client_of(role, facility)
    assert stranger.get(f"/viewer/{study.study_instance_uid}/annotations").status_code == 404
    assert put(stranger, study, uid, drawing(study, version=1)).status_code == 404
    assert put(stranger, study, uuid4(), drawing(study)).status_code == 404
    assert delete(stranger, study, uid, 1).status_code == 404
    assert Annotation.objects.get().version == 1


def test_without_signing_in_nothing_is_told(study):
    response = Client().get(
        f"/viewer/{study.study_instance_uid}/annotations", headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert response.status_code == 401


def test_a_change_needs_the_token_of_the_page(study):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("reader", role=Role.RADIOLOGIST))
    assert put(client, study, uuid4(), drawing(study)).status_code == 403
    assert not Annotation.objects.exists()


def test_a_change_of_an_old_version_is_refused_and_told_what_there_is(study):
    client, _ = client_of(Role.RADIOLOGIST)
    uid = uuid4()
    put(client, study, uid, drawing(study))
    assert put(client, study, uid, drawing(study, version=1, text="second")).status_code == 200
    late = put(client, study, uid, drawing(study, version=1, text="too late"))
    assert late.status_code == 409
    assert (late.json()["current"]["text"], late.json()["current"]["version"]) == ("second", 2)
    assert put(client, study, uid, drawing(study, version=1, text="second")).json()["version"] == 2, (
        "the answer was lost"
    )
    assert put(client, study, uid, drawing(study)).status_code == 409
    assert [version.content["text"] for version in Annotation.objects.get().versions.all()] == ["", "second"]


def test_what_is_sent_again_with_values_worked_out_anew_is_no_conflict(study):
    client, _ = client_of(Role.RADIOLOGIST)
    uid = uuid4()
    put(client, study, uid, drawing(study, quantities=[]))
    assert put(client, study, uid, drawing(study)).json()["version"] == 2
    assert put(client, study, uid, drawing(study)).status_code == 409  # made from what is two versions old
    (found,) = listed(client, study)["annotations"]
    assert (found["version"], found["quantities"]) == (2, drawing(study)["quantities"])


def test_a_removal_can_be_undone_and_every_version_stays(study):
    client, _ = client_of(Role.RADIOLOGIST)
    uid = uuid4()
    put(client, study, uid, drawing(study))
    assert delete(client, study, uid, 1).status_code == 200
    assert listed(client, study)["annotations"] == []
    assert delete(client, study, uid, 1).status_code == 200, "twice is as good as once"
    assert put(client, study, uid, drawing(study)).json()["version"] == 3
    assert put(client, study, uid, drawing(study)).json()["version"] == 3, "twice is as good as once"
    assert len(listed(client, study)["annotations"]) == 1
    assert [version.is_removal for version in Annotation.objects.get().versions.all()] == [False, True, False]


def test_an_annotation_belongs_to_its_study(study, data_dir):
    deliver(
        image(StudyInstanceUID="2.25.77", SeriesInstanceUID="2.25.78", SOPInstanceUID="2.25.79"), reception("NORTH")
    )
    indexer.index_spool()
    other = Study.objects.get(study_instance_uid="2.25.77")
    client, _ = client_of(Role.RADIOLOGIST)
    uid = uuid4()
    put(client, study, uid, drawing(study))
    assert put(client, other, uid, drawing(other, version=1)).status_code == 404
    assert put(client, other, uuid4(), drawing(study)).status_code == 404, "an image of another study"
    assert delete(client, other, uid, 1).status_code == 404
    assert listed(client, other)["annotations"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"version": -1},
        {"version": "1"},
        {"version": True},
        {"tool": "hammer"},
        {"tool": ["length"]},
        {"seriesUid": "x"},
        {"frameNumber": 0},
        {"frameNumber": 1.5},
        {"points": []},
        {"points": [[1, 2]]},
        {"points": [[1, 2, "3"]]},
        {"points": [[1, 2, 1e9]]},
        {"points": [[1, 2, True]]},
        {"points": [[1, 2, 3]] * 65},
        {"contour": [[1, 2, 3]] * 5001},
        {"textAt": [1]},
        {"text": "x" * 201},
        {"text": "two\nlines"},
        {"text": None},
        {"quantities": [{"name": "Length", "value": "12", "unit": "mm"}]},
        {"quantities": [{"name": "Length", "value": 10**400, "unit": "mm"}]},
        {"quantities": [3]},
    ],
)
def test_what_is_no_annotation_gets_a_sentence_and_is_not_kept(study, changes):
    client, _ = client_of(Role.RADIOLOGIST)
    response = put(client, study, uuid4(), drawing(study, **changes))
    assert response.status_code == 400
    assert response.json()["detail"].endswith(".")
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"version": NaN}'])
def test_a_body_that_is_no_object_is_refused(study, body):
    client, _ = client_of(Role.RADIOLOGIST)
    path = f"/viewer/{study.study_instance_uid}/annotations/{uuid4()}"
    assert client.put(path, data=body, content_type="application/json").status_code == 400


def test_what_else_is_sent_is_not_kept(study):
    client, _ = client_of(Role.RADIOLOGIST)
    put(client, study, uuid4(), drawing(study, author="somebody else", extra={"a": 1}))
    assert set(Annotation.objects.get().content) == set(drawing(study)) - {"version"}
