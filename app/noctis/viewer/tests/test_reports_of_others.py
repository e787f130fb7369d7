"""Measurement reports that other programs wrote: as OHIF does with dcmjs, and with highdicom."""

from __future__ import annotations

import math
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage, generate_uid

from noctis.accounts.models import Role
from noctis.archive.models import Instance, Study
from noctis.dicomweb.data_sets import stored_path
from noctis.viewer.structured_reports.content_items import (
    CONTAINS,
    HAS_CONCEPT_MOD,
    HAS_OBS_CONTEXT,
    INFERRED_FROM,
    SELECTED_FROM,
    code_item,
    container,
    coordinates_item,
    image_item,
    number_item,
    person_item,
    text_item,
    uid_item,
)
from noctis.viewer.tests.report_factories import SECOND, as_part10, at, take_over, two_slices
from noctis.viewer.tests.test_annotations import listed
from noctis.viewer.tests.test_viewer_page import client_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:The string:UserWarning"),
]
MM, MM2, DEGREE = codes.UCUM.Millimeter, codes.UCUM.SquareMillimeter, Code("deg", "UCUM", "°")
Pixels = list[tuple[float, float]]


@pytest.fixture
def study(data_dir) -> Study:
    return two_slices()


@pytest.fixture
def instance(study) -> Instance:
    return Instance.objects.get(series__study=study, instance_number=SECOND)


def report(instance: Instance, *groups: Dataset) -> bytes:
    """Return a report of the study of ``instance`` in the order and words of dcmjs."""
    header = dcmread(stored_path(instance), stop_before_pixels=True)
    made = container(
        codes.DCM.ImagingMeasurementReport,
        "1500",
        [
            person_item(codes.DCM.PersonObserverName, "Else^Somebody", HAS_OBS_CONTEXT),
            container(codes.DCM.ImagingMeasurements, "", groups),
        ],
        relationship="",
    )
    made.SOPClassUID, made.SOPInstanceUID = ComprehensiveSRStorage, generate_uid()
    made.SeriesInstanceUID, made.Modality, made.Manufacturer = generate_uid(), "SR", "dcmjs"
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName"):
        setattr(made, keyword, header[keyword].value)
    return as_part10(made)


def group(tool: str, *items: Dataset) -> Dataset:
    return container(
        codes.DCM.MeasurementGroup,
        "",
        [
            text_item(codes.DCM.TrackingIdentifier, f"Cornerstone3DTools@^0.1.0:{tool}", HAS_OBS_CONTEXT),
            uid_item(codes.DCM.TrackingUniqueIdentifier, generate_uid(), HAS_OBS_CONTEXT),
            *items,
        ],
    )


def number(instance: Instance, name: Code, unit: Code, kind: str, pixels: Pixels, value: float = 12.5) -> Dataset:
    """Return a value with the graphic that dcmjs repeats below each."""
    image = image_item(instance.sop_class_uid, instance.sop_instance_uid, None, SELECTED_FROM)
    return number_item(name, value, unit, [coordinates_item(None, kind, pixels, image, INFERRED_FROM)])


CORNERS: Pixels = [(10, 20), (70, 20), (70, 50), (10, 50), (10, 20)]
OUTLINE: Pixels = [(10, 20), (70, 22), (60, 50), (10, 20)]


def dcmjs_groups(instance: Instance) -> dict[str, Dataset]:
    """Return a group of each tool of Cornerstone's, as dcmjs 0.5 draws them."""

    def one(tool: str, name: Code, unit: Code, kind: str, pixels: Pixels) -> Dataset:
        return group(tool, number(instance, name, unit, kind, pixels))

    return {
        "length": one("Length", codes.SCT.Length, MM, "POLYLINE", [(10, 20), (70, 31)]),
        "bidirectional": group(
            "Bidirectional",
            number(instance, codes.SCT.ShortAxis, MM, "POLYLINE", [(40, 10), (40, 25)]),
            number(instance, codes.SCT.LongAxis, MM, "POLYLINE", [(10, 20), (70, 20)]),
        ),
        "angle": one("Angle", codes.SCT.CobbAngle, DEGREE, "POLYLINE", [(10, 20), (70, 20), (70, 20), (40, 10)]),
        "cobb": one("CobbAngle", codes.SCT.CobbAngle, DEGREE, "POLYLINE", [(10, 20), (70, 20), (40, 10), (90, 60)]),
        "rectangle": group(
            "RectangleROI",
            number(instance, codes.SCT.Area, MM2, "POLYLINE", CORNERS),
            number(instance, codes.SCT.Perimeter, MM, "POLYLINE", CORNERS),
            number(instance, codes.SCT.Mean, codes.UCUM.HounsfieldUnit, "POLYLINE", CORNERS, -3),
        ),
        "ellipse": one("EllipticalROI", codes.SCT.Area, MM2, "ELLIPSE", [(30, 55), (90, 55), (60, 40), (60, 70)]),
        "circle": one("CircleROI", codes.SCT.Area, MM2, "CIRCLE", [(100, 100), (106, 108)]),
        "freehand": one("PlanarFreehandROI", codes.SCT.Area, MM2, "POLYLINE", OUTLINE),
        "probe": one("Probe", codes.DCM.Center, MM, "POINT", [(33.5, 44.5)]),
        "arrow": group(
            "ArrowAnnotate",
            number(instance, codes.DCM.Center, MM, "POINT", [(10, 20), (70, 20)]),
            text_item(codes.DCM.Comment, "Look", CONTAINS),
        ),
    }


def near(points: list[list[float]], pixels: Pixels) -> bool:
    return len(points) == len(pixels) and all(
        math.dist(point, at(*pixel)) < 1e-3 for point, pixel in zip(points, pixels, strict=True)
    )


def test_each_tool_of_cornerstone_becomes_ours(study, instance):
    client, _ = client_of(Role.RADIOLOGIST)
    groups = dcmjs_groups(instance)
    answer = take_over(client, study, report(instance, *groups.values()))
    assert answer.status_code == 200, answer.content
    found = {one["tool"]: one for one in listed(client, study)["annotations"]}
    assert set(found) == set(groups)
    expected: dict[str, Pixels] = {
        "length": [(10, 20), (70, 31)],
        "bidirectional": [(10, 20), (70, 20), (40, 10), (40, 25)],
        "angle": [(10, 20), (70, 20), (40, 10)],
        "cobb": [(10, 20), (70, 20), (40, 10), (90, 60)],
        "rectangle": [(10, 20), (70, 20), (10, 50), (70, 50)],
        "ellipse": [(60, 40), (60, 70), (30, 55), (90, 55)],
        "circle": [(100, 100), (100, 90), (100, 110), (90, 100), (110, 100)],
        "freehand": [],
        "probe": [(33.5, 44.5)],
        "arrow": [(10, 20), (70, 20)],
    }
    for tool, pixels in expected.items():
        assert near(found[tool]["points"], pixels), tool
    assert near(found["freehand"]["contour"], OUTLINE[:-1])
    assert {one["origin"] for one in found.values()} == {"Else, Somebody"}
    assert found["length"]["quantities"] == [{"name": "Length", "value": 12.5, "unit": "mm"}]
    assert [quantity["name"] for quantity in found["rectangle"]["quantities"]] == ["Area", "Perimeter", "Mean"]
    assert (found["arrow"]["text"], found["length"]["text"]) == ("Look", "")


def test_the_same_report_again_brings_nothing_twice(study, instance):
    client, _ = client_of(Role.RADIOLOGIST)
    groups = dcmjs_groups(instance)
    content = report(instance, *groups.values())
    take_over(client, study, content)
    assert take_over(client, study, content).json()["alreadyThere"] == len(groups)
    assert len(listed(client, study)["annotations"]) == len(groups)


@pytest.mark.parametrize(
    ("kind", "pixels", "reason"),
    [
        ("MULTIPOINT", [(1, 2), (3, 4)], "No tool draws a graphic of the type MULTIPOINT."),
        ("ELLIPSE", [(10, 10), (40, 40), (30, 20), (20, 30)], "The ellipse is turned."),
        ("POLYLINE", [(1, 2)], "Its graphic has too few points."),
        ("POLYLINE", [(1, 2), (math.nan, 4)], "Its graphic has coordinates that are no numbers."),
        ("POLYLINE", [(1, 2), (3, 4), (9, 9)], "It is the length of a line with bends."),
    ],
)
def test_what_no_tool_draws_is_named_with_the_reason(study, instance, kind, pixels, reason):
    client, _ = client_of(Role.RADIOLOGIST)
    item = container(
        codes.DCM.MeasurementGroup,
        "",
        [
            text_item(codes.DCM.TrackingIdentifier, "Lesion 1", HAS_OBS_CONTEXT),
            number(instance, codes.SCT.Length, MM, kind, pixels),
        ],
    )
    answer = take_over(client, study, report(instance, item)).json()
    assert answer["notUnderstood"] == [{"title": "Lesion 1", "reason": reason}]
    assert listed(client, study)["annotations"] == []


def test_what_else_a_group_says_is_named_and_the_rest_is_taken_over(study, instance):
    client, _ = client_of(Role.RADIOLOGIST)
    item = group(
        "Length",
        code_item(codes.DCM.Finding, Code("4147007", "SCT", "Mass"), CONTAINS),
        code_item(codes.SCT.FindingSite, Code("39607008", "SCT", "Lung"), HAS_CONCEPT_MOD),
        code_item(Code("RID1", "RADLEX", "Margin"), Code("RID2", "RADLEX", "Smooth"), CONTAINS),
        number(instance, codes.DCM.Distance, codes.UCUM.Centimeter, "POLYLINE", [(10, 20), (70, 31)], 3.5),
        number_item(codes.SCT.Volume, 5, Code("mm3", "UCUM", "mm3")),
    )
    outside = number_item(codes.SCT.Volume, 7, Code("mm3", "UCUM", "mm3"))
    answer = take_over(client, study, report(instance, item, outside)).json()
    (found,) = listed(client, study)["annotations"]
    assert found["text"] == "Mass, Lung"
    assert found["quantities"] == [{"name": "Length", "value": 35.0, "unit": "mm"}]
    reasons = [one["reason"] for one in answer["notUnderstood"]]
    assert reasons == [
        "The value “Volume” is none that the viewer measures.",
        "“Margin: Smooth” is not taken over.",
        "The value stands outside a measurement group.",
    ]


def highdicom_report(instance: Instance) -> bytes:
    """Return a region with its area after TID 1410, made by highdicom."""
    header = dcmread(stored_path(instance), stop_before_pixels=True)
    for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(header, keyword, header.get(keyword) or "")
    source = highdicom.sr.SourceImageForRegion(instance.sop_class_uid, instance.sop_instance_uid)
    outline: Any = [[10.0, 20.0], [70.0, 22.0], [60.0, 50.0], [10.0, 20.0]]
    region = highdicom.sr.ImageRegion("POLYLINE", np.array(outline), source_image=source)
    found = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(uid=highdicom.UID(), identifier="Nodule 7"),
        referenced_region=region,
        measurements=[highdicom.sr.Measurement(codes.SCT.Area, 77.5, MM2)],
    )
    person = highdicom.sr.ObserverContext(
        codes.DCM.Person, highdicom.sr.PersonObserverIdentifyingAttributes("Reader^Rita")
    )
    made = highdicom.sr.MeasurementReport(
        highdicom.sr.ObservationContext(observer_person_context=person), codes.SCT.ImagingProcedure, [found]
    )
    dataset = highdicom.sr.Comprehensive3DSR(
        [header], made, highdicom.UID(), 9, highdicom.UID(), 1, manufacturer="highdicom"
    )
    return as_part10(dataset)


def test_a_region_of_highdicom_becomes_a_freehand_region(study, instance):
    client, _ = client_of(Role.RADIOLOGIST)
    answer = take_over(client, study, highdicom_report(instance))
    assert answer.json()["takenOver"] == 1, answer.content
    (found,) = listed(client, study)["annotations"]
    assert (found["tool"], found["text"], found["origin"]) == ("freehand", "Nodule 7", "Reader, Rita")
    assert near(found["contour"], OUTLINE[:-1])
    assert found["quantities"] == [{"name": "Area", "value": 77.5, "unit": "mm2"}]
