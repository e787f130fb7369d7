"""Key images: who marks and sees them, what a selection of them holds, and what they look like."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image
from pydicom import dcmread

from noctis.accounts.models import Role
from noctis.archive import indexer
from noctis.archive.models import Instance, Study, StudyFlag
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.key_images.models import KeyImage
from noctis.key_images.pictures import picture_of
from noctis.key_images.selection_document import KEY_OBJECT_SELECTION
from noctis.viewer.tests.test_viewer_page import client_of

pytestmark = pytest.mark.django_db
FRAMES = 3


@pytest.fixture
def study(data_dir) -> Study:
    north = reception("NORTH")
    for number in (1, 2):
        deliver(image(series=1, instance=number), north)
    frames = bytes(range(32)) + bytes(reversed(range(32))) + bytes(32)
    deliver(image(series=2, instance=1, NumberOfFrames=FRAMES, PixelData=frames), north)
    indexer.index_spool()
    return Study.objects.get()


@pytest.fixture
def radiologist(db) -> Client:
    return client_of(Role.RADIOLOGIST)[0]


def address(study: Study, series: int, instance: int, frame: int = 1) -> str:
    uid = Instance.objects.get(sop_instance_uid__endswith=f".1.{series}.{instance}").sop_instance_uid
    return f"/viewer/{study.study_instance_uid}/key-images/{uid}/{frame}"


def put(client: Client, path: str, body: object = None) -> Any:
    return client.put(path, data=json.dumps(body or {}), content_type="application/json")


def listed(client: Client, study: Study) -> list[dict[str, Any]]:
    response = client.get(f"/viewer/{study.study_instance_uid}/key-images")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    found: list[dict[str, Any]] = response.json()["keyImages"]
    return found


def test_marked_images_are_listed_in_the_order_in_which_they_were_marked(study, radiologist):
    put(radiologist, address(study, 2, 1, 3))
    kept = put(radiologist, address(study, 1, 2), {"window": {"center": 40.5, "width": 400}})
    assert kept.status_code == 200
    first, second = listed(radiologist, study)
    assert (first["frameNumber"], first["seriesUid"][-4:]) == (3, ".1.2")
    assert second == kept.json()
    assert (second["window"], second["author"]) == ({"center": 40.5, "width": 400}, "radiologist-")
    assert [found.frame_number for found in KeyImage.objects.of_study(study)] == [3, 1]
    entries = AuditEntry.objects.filter(action=Action.KEY_IMAGE_CHANGED)
    assert [entry.detail["marked"] for entry in entries] == [True, True]


def test_an_image_is_marked_once_and_anybody_who_marks_may_take_the_mark_away(study, radiologist):
    path = address(study, 1, 1)
    put(radiologist, path)
    technician, _ = client_of(Role.TECHNICIAN, "NORTH")
    assert put(technician, path).json()["author"] == "radiologist-"
    assert technician.delete(path).status_code == 200
    assert technician.delete(path).status_code == 200
    assert listed(radiologist, study) == []
    assert AuditEntry.objects.filter(action=Action.KEY_IMAGE_CHANGED).count() == 2


def test_a_facility_user_sees_key_images_but_marks_none(study, radiologist):
    put(radiologist, address(study, 1, 1))
    owner, _ = client_of(Role.FACILITY_USER, "NORTH")
    (found,) = listed(owner, study)
    assert owner.get(found["picture"]).status_code == 200
    assert put(owner, address(study, 1, 2)).status_code == 403
    assert owner.delete(address(study, 1, 1)).status_code == 403
    assert (
        owner.post(
            f"/viewer/{study.study_instance_uid}/key-object-selections",
            {"title": "113000"},
            content_type="application/json",
        ).status_code
        == 403
    )
    assert KeyImage.objects.count() == 1


@pytest.mark.parametrize(("role", "facility"), [(Role.TECHNICIAN, "SOUTH"), ("", "NORTH")])
def test_the_study_of_another_facility_does_not_exist(study, radiologist, role, facility):
    path = address(study, 1, 1)
    put(radiologist, path)
    stranger, _ = client_of(role, facility)
    assert stranger.get(f"/viewer/{study.study_instance_uid}/key-images").status_code == 404
    assert stranger.get(f"{path}/picture").status_code == 404
    assert put(stranger, path).status_code == 404
    assert stranger.delete(path).status_code == 404
    assert stranger.post(f"/viewer/{study.study_instance_uid}/key-object-selections").status_code == 404
    assert KeyImage.objects.count() == 1


@pytest.mark.parametrize("end", ["/0", "/2", "/99"])
def test_an_image_without_such_a_frame_is_not_there(study, radiologist, end):
    assert put(radiologist, address(study, 1, 1).removesuffix("/1") + end).status_code == 404


@pytest.mark.parametrize(
    "body", [[], {"window": 5}, {"window": {"center": "x", "width": 1}}, {"window": {"center": 1, "width": 0}}]
)
def test_what_is_no_window_is_refused(study, radiologist, body):
    response = radiologist.put(address(study, 1, 1), data=json.dumps(body), content_type="application/json")
    assert response.status_code == 400
    assert not KeyImage.objects.exists()


def keep(client: Client, study: Study, **body: str) -> Any:
    path = f"/viewer/{study.study_instance_uid}/key-object-selections"
    return client.post(path, json.dumps(body), content_type="application/json")


def test_a_selection_is_stored_in_the_study_and_names_the_images(study, radiologist, data_dir):
    put(radiologist, address(study, 2, 1, 3))
    put(radiologist, address(study, 1, 2))
    response = keep(radiologist, study, title="113005", description="For Tuesday")
    assert response.status_code == 201
    indexer.index_spool()
    stored = Instance.objects.get(sop_class_uid=KEY_OBJECT_SELECTION)
    assert response.json()["object"]["00080018"]["Value"] == [stored.sop_instance_uid]
    assert (stored.series.study, stored.series.modality) == (study, "KO")
    assert not StudyFlag.objects.exists()
    document = dcmread(data_dir.storage / stored.path)
    assert document.ConceptNameCodeSequence[0].CodeMeaning == "For Conference"
    *context, first, second = document.ContentSequence
    assert [item.ValueType for item in context] == ["CODE", "PNAME", "TEXT"]
    assert context[2].TextValue == "For Tuesday"
    assert first.ReferencedSOPSequence[0].ReferencedFrameNumber == 3
    assert second.ReferencedSOPSequence[0].ReferencedSOPInstanceUID.endswith(".1.1.2")
    assert "ReferencedFrameNumber" not in second.ReferencedSOPSequence[0]
    (evidence,) = document.CurrentRequestedProcedureEvidenceSequence
    assert evidence.StudyInstanceUID == study.study_instance_uid
    assert len(evidence.ReferencedSeriesSequence) == 2
    (entry,) = AuditEntry.objects.filter(action=Action.KEY_OBJECTS_STORED)
    assert entry.detail == {"sop_instance_uid": stored.sop_instance_uid, "title": "113005", "images": 2}


def test_nothing_marked_is_no_selection_and_an_unknown_title_none_either(study, radiologist):
    assert keep(radiologist, study, title="113000").status_code == 422
    put(radiologist, address(study, 1, 1))
    assert keep(radiologist, study, title="1").status_code == 400
    assert keep(radiologist, study, title="113000", description="x" * 1001).status_code == 400
    assert not AuditEntry.objects.filter(action=Action.KEY_OBJECTS_STORED).exists()


def test_the_picture_shows_the_frame_in_the_window_it_was_marked_in(study, radiologist):
    put(radiologist, address(study, 2, 1, 2), {"window": {"center": 0x0F0F, "width": 0x2000}})
    put(radiologist, address(study, 2, 1, 3), {"window": {"center": 0x0F0F, "width": 0x2000}})
    second, third = listed(radiologist, study)
    response = radiologist.get(f"{second['picture']}?side=4")
    assert response["Content-Type"] == "image/png"
    shown = np.asarray(Image.open(io.BytesIO(response.content))).astype(float)
    stored = np.frombuffer(bytes(reversed(range(32))), "<u2").reshape(4, 4).astype(float)
    assert np.abs(shown - np.clip((stored - 0x0F0F + 0x1000) * 255 / 0x2000, 0, 255)).max() < 1
    assert not np.asarray(Image.open(io.BytesIO(radiologist.get(f"{third['picture']}?side=4").content))).max() > 10
    assert Image.open(io.BytesIO(picture_of(KeyImage.objects.all()[0], 64, "JPEG"))).size == (64, 64)
