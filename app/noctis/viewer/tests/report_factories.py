"""A study of two tilted slices with a drawing of each tool, and the ways of its measurement reports."""

from __future__ import annotations

import io
import math
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.viewer.annotation_content import TOOLS
from noctis.viewer.tests.test_annotations import put

SECOND = 2
KEPT = ("tool", "points", "contour", "textAt", "text", "quantities", "sopInstanceUid", "seriesUid", "frameNumber")
TILT = math.radians(20)
AXES = [1, 0, 0, 0, math.cos(TILT), -math.sin(TILT)]
PLACE = [-120.25, -98.5, 33.1]
SPACING = [0.7, 0.6]
GEOMETRY: dict[str, Any] = {
    "Rows": 512,
    "Columns": 512,
    "PixelData": bytes(512 * 512 * 2),
    "ImageOrientationPatient": AXES,
    "PixelSpacing": SPACING,
    "FrameOfReferenceUID": "2.25.99",
}


def two_slices(**attributes: Any) -> Study:
    """Return a study of two tilted slices."""
    delivery = reception("NORTH")
    for number in (1, SECOND):
        place = [PLACE[0], PLACE[1], PLACE[2] + number]
        deliver(image(instance=number, ImagePositionPatient=place, **{**GEOMETRY, **attributes}), delivery)
    indexer.index_spool()
    return Study.objects.get()


def at(column: float, row: float) -> list[float]:
    """Return the point of the second slice at column and row, with all the digits of a double."""
    across, down = (column - 0.5) * SPACING[1], (row - 0.5) * SPACING[0]
    start = [PLACE[0], PLACE[1], PLACE[2] + SECOND]
    return [start[axis] + across * AXES[axis] + down * AXES[3 + axis] for axis in range(3)]


def quantity(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit}


ROI = [quantity("Mean", 1 / 3, "HU"), quantity("SD", 2.5, "HU"), quantity("Min", -3, "HU"), quantity("Max", 8, "HU")]
AREA = quantity("Area", 123.4567890123456, "mm2")
CIRCLE = [at(100, 100), at(100, 90), at(100, 110), at(90, 100), at(110, 100)]
DRAWINGS: dict[str, dict[str, Any]] = {
    "length": {"points": [at(10.1, 20.2), at(77.7, 31.3)], "quantities": [quantity("Length", 41.29999999, "mm")]},
    "bidirectional": {
        "points": [at(10, 20), at(70, 20), at(40, 10), at(40, 25)],
        "quantities": [quantity("Length", 36, "mm"), quantity("Width", 10.5, "mm")],
    },
    "angle": {"points": [at(10, 20), at(70, 20), at(40, 10)], "quantities": [quantity("Angle", 18.43, "deg")]},
    "cobb": {
        "points": [at(10, 20), at(70, 20), at(40, 10), at(90, 60)],
        "quantities": [quantity("Angle", 45.0, "deg")],
    },
    "cardiothoracic": {
        "points": [at(100, 200), at(300, 205), at(150, 180), at(250, 181)],
        "quantities": [quantity("Ratio", 50.1, "%"), quantity("Heart", 60, "mm"), quantity("Thorax", 120, "mm")],
    },
    "rectangle": {"points": [at(10, 20), at(70, 20), at(10, 50), at(70, 50)], "quantities": [*ROI, AREA]},
    "ellipse": {"points": [at(50, 20), at(50, 90), at(30, 55), at(70, 55)], "quantities": [*ROI, AREA]},
    "circle": {"points": CIRCLE, "quantities": [*ROI, quantity("Radius", 6.3, "mm")]},
    "freehand": {
        "points": [],
        "contour": [at(100 + 30 * math.cos(turn / 9), 100 + 20 * math.sin(turn / 9)) for turn in range(56)],
        "quantities": [*ROI, AREA, quantity("Perimeter", 99.9, "mm")],
    },
    "probe": {"points": [at(33.3, 44.4)], "quantities": [quantity("Value", -1024, "HU")]},
    "arrow": {"points": [at(10, 20), at(70, 21)], "text": "Schau hier – Łódź 心", "quantities": []},
    "label": {"points": [at(10, 20)], "text": "Here", "quantities": []},
}


def second(study: Study, tool: str, **changes: Any) -> dict[str, Any]:
    """Return what the viewer sends for a drawing on the second slice."""
    instance = Instance.objects.get(series__study=study, instance_number=SECOND)
    return {
        **drawing_of(instance),
        "tool": tool,
        "frameOfReferenceUid": "2.25.99",
        "contour": [],
        **DRAWINGS[tool],
        **changes,
    }


def drawing_of(instance: Instance) -> dict[str, Any]:
    return {
        "version": 0,
        "seriesUid": instance.series.series_instance_uid,
        "sopInstanceUid": instance.sop_instance_uid,
        "frameNumber": 1,
        "textAt": None,
        "text": "",
    }


def draw_all(client: Client, study: Study) -> dict[UUID, dict[str, Any]]:
    drawn = {uuid4(): second(study, tool, textAt=at(1 / 3, 2 / 7)) for tool in sorted(TOOLS)}
    for uid, content in drawn.items():
        assert put(client, study, uid, content).status_code == 200
    return drawn


def export(client: Client, study: Study) -> bytes:
    response = client.get(f"/viewer/{study.study_instance_uid}/measurement-report")
    assert response.status_code == 200, response.content
    return bytes(response.content)


def take_over(client: Client, study: Study, content: bytes) -> Any:
    file = SimpleUploadedFile("report.dcm", content, content_type="application/dicom")
    return client.post(f"/viewer/{study.study_instance_uid}/measurement-reports/import", {"file": file})


def as_part10(report: Dataset) -> bytes:
    """Return a new report as a file."""
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = io.BytesIO()
    report.save_as(file, enforce_file_format=True)
    return file.getvalue()


def as_bytes(report: Dataset) -> bytes:
    file = io.BytesIO()
    report.save_as(file)
    return file.getvalue()


def parts(annotation: dict[str, Any]) -> dict[str, Any]:
    """Return what of an annotation must come back the same."""
    return {name: annotation[name] for name in KEPT}
