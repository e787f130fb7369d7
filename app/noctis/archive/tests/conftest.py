"""An archive of two facilities to query."""

from __future__ import annotations

from typing import Any

import pytest

from noctis.archive import indexer
from noctis.archive.tests.factories import deliver, image, reception
from noctis.archive.tests.queries import SR, item


@pytest.fixture
def archive(data_dir) -> None:
    north = reception("NORTH")

    def study(number: int, series: int = 1, instance: int = 1, **attributes: Any) -> None:
        deliver(image(number, series, instance, **attributes), north)

    first: dict[str, Any] = {
        "PatientID": "A-1",
        "PatientName": "Müller^Änne",
        "StudyDate": "20240229",
        "StudyTime": "0900",
        "AccessionNumber": "ACC1",
    }
    study(1, 1, 1, **first, SeriesNumber=1, Rows=512, StationName="CT1", BodyPartExamined="CHEST")
    study(1, 1, 2, **first)
    study(1, 2, 1, **first, Modality="SR", SOPClassUID=SR, SeriesNumber=2, SeriesDate="20240301", SeriesTime="010203")
    second: dict[str, Any] = {
        "PatientID": "A-2",
        "PatientName": "Miller^Anne",
        "StudyDate": "20250101",
        "StudyTime": "103000.5",
        "StudyDescription": "Chest CT",
        "TimezoneOffsetFromUTC": "+0100",
    }
    requests = [
        item(RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS1"),
        item(RequestedProcedureID="RP2", ScheduledProcedureStepID="SPS2"),
    ]
    study(2, 1, 1, **second, RequestAttributesSequence=requests, ReferringPhysicianName="Röntgen^Clara")
    third: dict[str, Any] = {
        "PatientID": "B*3",
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "StudyDate": "",
        "StudyTime": "",
    }
    study(3, 1, 1, **third, Modality="MR")
    study(4, 1, 1, **{**second, "StudyDescription": "", "StudyDate": "20250102", "StudyTime": "0200"})
    deliver(image(5, PatientID="A-1", PatientName="Müller^Änne", StudyDate="20240229"), reception("SOUTH"))
    indexer.index_spool()
