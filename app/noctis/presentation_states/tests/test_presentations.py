"""Saved presentations: what the object says, that it joins its study, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pydicom import dcmread
from pydicom.dataset import Dataset

from noctis.accounts.models import Role
from noctis.archive import indexer
from noctis.archive.models import Instance, Study, StudyFlag
from noctis.archive.tests.factories import deliver, image, reception
from noctis.audit.models import Action, AuditEntry
from noctis.presentation_states.softcopy import GRAYSCALE_SOFTCOPY
from noctis.viewer.tests.test_viewer_page import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(data_dir) -> Study:
    north = reception("NORTH")
    for number in (1, 2):
        attributes: dict[str, Any] = {"RescaleSlope": 2, "RescaleIntercept": -1024, "PixelSpacing": [0.5, 0.25]}
        if number == 2:
            attributes |= {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [2, 2], "RadiusOfCircularShutter": 1}
        dataset = image(series=1, instance=number, **attributes)
        if number == 2:
            dataset.add_new((0x6002, 0x0010), "US", 4)
        deliver(dataset, north)
    deliver(
        image(
            series=2,
            SamplesPerPixel=3,
            BitsAllocated=8,
            BitsStored=8,
            HighBit=7,
            PlanarConfiguration=0,
            PhotometricInterpretation="RGB",
            PixelData=bytes(48),
        ),
        north,
    )
    indexer.index_spool()
    return Study.objects.get()


def uid(number: int, series: int = 1) -> str:
    return Instance.objects.get(sop_instance_uid__endswith=f".1.{series}.{number}").sop_instance_uid


def picture(number: int = 1, series: int = 1, **changes: Any) -> dict[str, Any]:
    return {"sopInstanceUid": uid(number, series), "frames": [], "graphics": [], "texts": []} | changes


def shown(**changes: Any) -> dict[str, Any]:
    """Return what the viewer sends of an image shown plainly."""
    return {
        "label": "wide",
        "description": "",
        "images": [picture()],
        "window": {"center": 40.5, "width": 400},
        "voiLutFunction": "LINEAR",
        "rotation": 0,
        "flipped": False,
        "inverted": False,
        "area": [1, 1, 4, 4],
        "withShutter": False,
        "withOverlays": False,
    } | changes


def post(client: Client, study: Study, body: object) -> Any:
    path = f"/viewer/{study.study_instance_uid}/presentations"
    return client.post(path, json.dumps(body), content_type="application/json")


def stored(data_dir) -> Dataset:
    indexer.index_spool()
    found = Instance.objects.get(sop_class_uid=GRAYSCALE_SOFTCOPY)
    assert found.series.modality == "PR"
    assert not StudyFlag.objects.exists()
    return dcmread(data_dir.storage / found.path)


def test_a_presentation_is_stored_in_the_study_with_its_author(study, data_dir):
    client, user = client_of(Role.RADIOLOGIST)
    response = post(client, study, shown(description="Wide window", images=[picture(1), picture(2)], inverted=True))
    assert response.status_code == 201
    state = stored(data_dir)
    assert response.json()["object"]["00080018"]["Value"] == [state.SOPInstanceUID]
    assert (state.ContentLabel, state.ContentDescription) == ("WIDE", "Wide window")
    assert str(state.ContentCreatorName) == user.username
    (series,) = state.ReferencedSeriesSequence
    assert [item.ReferencedSOPInstanceUID for item in series.ReferencedImageSequence] == [uid(1), uid(2)]
    assert (state.RescaleSlope, state.RescaleIntercept) == (2, -1024)
    (voi,) = state.SoftcopyVOILUTSequence
    assert (voi.WindowCenter, voi.WindowWidth) == (40.5, 400)
    assert state.PresentationLUTShape == "INVERSE"
    (entry,) = AuditEntry.objects.filter(action=Action.PRESENTATION_STORED)
    assert (entry.user, entry.detail) == (user, {"sop_instance_uid": state.SOPInstanceUID, "images": 2})


@pytest.mark.parametrize(
    ("rotation", "flipped", "top_left", "bottom_right"),
    [
        (0, False, [1, 2], [3, 4]),
        (90, False, [1, 4], [3, 2]),
        (180, False, [3, 4], [1, 2]),
        (270, False, [3, 2], [1, 4]),
        (0, True, [3, 2], [1, 4]),
        (90, True, [1, 2], [3, 4]),
        (180, True, [1, 4], [3, 2]),
        (270, True, [3, 4], [1, 2]),
    ],
)
def test_the_area_names_the_corners_of_the_screen(study, data_dir, rotation, flipped, top_left, bottom_right):
    turned = shown(rotation=rotation, flipped=flipped, area=[1, 2, 3, 4])
    assert post(client_of(Role.RADIOLOGIST)[0], study, turned).status_code == 201
    state = stored(data_dir)
    (area,) = state.DisplayedAreaSelectionSequence
    assert list(area.DisplayedAreaTopLeftHandCorner) == top_left
    assert list(area.DisplayedAreaBottomRightHandCorner) == bottom_right
    assert [float(value) for value in area.PresentationPixelSpacing] == [0.5, 0.25]
    assert (state.ImageRotation, state.ImageHorizontalFlip) == (rotation, "Y" if flipped else "N")


def test_what_is_drawn_goes_with_its_image(study, data_dir):
    graphics = [
        {"kind": "POLYLINE", "points": [[0, 0], [4, 2.5]], "filled": False},
        {"kind": "CIRCLE", "points": [[2, 2], [3, 2]], "filled": True},
    ]
    drawn = picture(2, graphics=graphics, texts=[{"text": "12.5 mm", "anchor": [4, 2.5]}])
    body = shown(images=[drawn, picture(1)], withShutter=True, withOverlays=True)
    assert post(client_of(Role.TECHNICIAN, "NORTH")[0], study, body).status_code == 201
    state = stored(data_dir)
    (annotation,) = state.GraphicAnnotationSequence
    assert annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID == uid(2)
    line, circle = annotation.GraphicObjectSequence
    assert (line.GraphicType, list(line.GraphicData)) == ("POLYLINE", [0, 0, 4, 2.5])
    assert (circle.GraphicFilled, circle.NumberOfGraphicPoints) == ("Y", 2)
    assert annotation.TextObjectSequence[0].UnformattedTextValue == "12.5 mm"
    assert [layer.GraphicLayer for layer in state.GraphicLayerSequence] == ["ANNOTATIONS", "OVERLAYS"]
    assert state[0x6002, 0x1001].value == "OVERLAYS"
    assert (state.ShutterShape, state.ShutterPresentationValue) == ("CIRCULAR", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"label": ""},
        {"label": "ümlaut"},
        {"description": "x" * 65},
        {"images": []},
        {"rotation": 45},
        {"rotation": False},
        {"inverted": 1},
        {"area": [1, 1, 4]},
        {"area": [4, 1, 1, 4]},
        {"window": {"center": 1, "width": 0}},
        {"window": {"center": 1e99, "width": 1}},
        {"voiLutFunction": "LOG"},
    ],
)
def test_what_cannot_be_written_is_refused(study, change):
    assert post(client_of(Role.RADIOLOGIST)[0], study, shown(**change)).status_code == 400


@pytest.mark.parametrize(
    "graphic",
    [
        {"kind": "STAR", "points": [[0, 0]], "filled": False},
        {"kind": "CIRCLE", "points": [[0, 0]], "filled": False},
        {"kind": "POINT", "points": [[0, "x"]], "filled": False},
        {"kind": "POLYLINE", "points": [[0, 0, 0], [1, 1, 1]], "filled": False},
    ],
)
def test_what_is_no_graphic_is_refused(study, graphic):
    body = shown(images=[picture(1, graphics=[graphic])])
    assert post(client_of(Role.RADIOLOGIST)[0], study, body).status_code == 400


def test_images_of_colour_or_of_nowhere_are_refused(study):
    client, _ = client_of(Role.RADIOLOGIST)
    assert post(client, study, shown(images=[picture(1, series=2)])).status_code == 422
    assert post(client, study, shown(images=[picture(1, sopInstanceUid="1.2.3")])).status_code == 404
    assert not AuditEntry.objects.filter(action=Action.PRESENTATION_STORED).exists()


@pytest.mark.parametrize(
    ("role", "facility", "status"),
    [(Role.FACILITY_USER, "NORTH", 403), (Role.TECHNICIAN, "SOUTH", 404), ("", "NORTH", 404)],
)
def test_who_may_not_save(study, role, facility, status):
    assert post(client_of(role, facility)[0], study, shown()).status_code == status
