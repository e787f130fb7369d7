"""What is corrected about a study, read once for all of its objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from pydicom.dataset import Dataset

from noctis.corrections.attributes import Values
from noctis.corrections.models import Placement, SeriesOverlay, StudyOverlay
from noctis.dicom.attributes import text


@dataclass(frozen=True)
class Overlay:
    """What the objects of a study say instead of what is stored; ``places`` leads from received series to studies."""

    study_instance_uid: str
    attributes: Values
    adopted: Values
    series: Mapping[str, Values]
    places: Mapping[tuple[str, str], str]
    changed_at: datetime
    revision: str = field(default="", compare=False)

    def values_for(self, dataset: Dataset) -> dict[str, str | None]:
        """Return what an object says instead, by what it says itself."""
        values: dict[str, str | None] = {}
        if text(dataset, "StudyInstanceUID") != self.study_instance_uid:
            values = {**self.adopted, "StudyInstanceUID": self.study_instance_uid}
        return {**values, **self.attributes, **self.series.get(text(dataset, "SeriesInstanceUID"), {})}

    def place_of(self, study_uid: str, series_uid: str) -> str:
        """Return the UID of the study in which a series is that was received with ``study_uid``."""
        return self.places.get((study_uid, series_uid)) or self.places.get((study_uid, "")) or study_uid


def overlay_of(study_id: int) -> Overlay | None:
    """Return what is corrected about a study, by its primary key; None, after one query, where nothing is."""
    found = StudyOverlay.objects.select_related("study").filter(study_id=study_id).first()
    if found is None:
        return None
    series = SeriesOverlay.objects.filter(series__study_id=study_id)
    placed = Placement.objects.filter(study=found.study_id).values("study_uid")
    own = Q(study_uid=found.study.study_instance_uid) | Q(study_uid__in=placed)
    places = Placement.objects.filter(own | Q(study__patient=found.study.patient_id), facility=found.study.facility_id)
    return Overlay(
        study_instance_uid=found.study.study_instance_uid,
        attributes=found.attributes,
        adopted=found.adopted,
        series=dict(series.values_list("series__series_instance_uid", "attributes")),
        places={
            (study_uid, series_uid): uid
            for study_uid, series_uid, uid in places.values_list("study_uid", "series_uid", "study__study_instance_uid")
        },
        changed_at=found.changed_at,
        revision=hashlib.sha256(f"{found.pk} {found.changed_at.isoformat()}".encode()).hexdigest()[:16],
    )


class Overlays:
    """The overlays of the studies whose objects are sent one after the other, each looked up once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._known: dict[int, Overlay | None] = {}

    def knows(self, study_id: int) -> bool:
        """Whether a study was looked up already."""
        return study_id in self._known

    def of(self, study_id: int) -> Overlay | None:
        """Return the overlay of a study, if there is one."""
        if study_id not in self._known:
            self._known[study_id] = overlay_of(study_id)
        return self._known[study_id]
