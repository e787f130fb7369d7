"""What arrives for a corrected study is corrected before it is indexed, so that it lands where the others are.

Only what belongs to the same person as received before: another person's image under the study's UID is a conflict, as
it always was (see noctis.archive.filing).
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from pydicom.dataset import Dataset

from noctis.accounts.models import Facility
from noctis.archive.filing import patient_identity
from noctis.archive.header import Header, NotStorable, Reading, read_header
from noctis.archive.models import Instance, Study
from noctis.archive.storage_area import study_folder
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.models import Placement, StudyOverlay
from noctis.corrections.overlays import Overlay, overlay_of
from noctis.dicom.attributes import text


def correct_headers(*, readings: list[Reading], **_: Any) -> None:
    """Correct headers of studies that were corrected; receives the archive's signal headers_read."""
    uids = {reading.stored.study_instance_uid for reading in readings}
    lock_facilities({reading.facility_id for reading in readings})
    places = _Places.of(uids)
    if not places.by_received and not places.corrected:
        return
    for reading in readings:
        study_id = places.study_of(reading)
        if study_id is not None and (overlay := places.overlay(study_id)) and places.is_same_person(reading, overlay):
            reading.header = _corrected(reading.stored, overlay)


def keep_beside(*, made: Dataset, beside: Instance, **_: Any) -> None:
    """Let an object that is made here go where the image is for which it is made; receives object_begun."""
    study = beside.series.study
    received, series_uid = str(made.StudyInstanceUID), str(made.SeriesInstanceUID)
    if received == study.study_instance_uid:
        return
    Placement.objects.get_or_create(
        facility_id=study.facility_id, study_uid=received, series_uid=series_uid, defaults={"study": study}
    )


def lock_facilities(ids: Collection[int]) -> None:
    """Let corrections and the filing of what arrives wait for each other, within the transaction that calls."""
    list(Facility.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


@dataclass
class _Places:
    """Where series of some received studies belong, and which of those studies are corrected."""

    by_received: dict[tuple[int, str, str], int]
    corrected: dict[tuple[int, str], int]
    _overlays: dict[int, Overlay | None] = field(default_factory=dict)
    _persons: dict[tuple[int, str], str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, uids: Collection[str]) -> _Places:
        placements = Placement.objects.filter(study_uid__in=uids)
        overlays = StudyOverlay.objects.filter(study__study_instance_uid__in=uids)
        return cls(
            {
                (facility, study_uid, series_uid): study
                for facility, study_uid, series_uid, study in placements.values_list(
                    "facility_id", "study_uid", "series_uid", "study_id"
                )
            },
            {
                (facility, uid): study
                for facility, uid, study in overlays.values_list(
                    "study__facility_id", "study__study_instance_uid", "study_id"
                )
            },
        )

    def study_of(self, reading: Reading) -> int | None:
        """Return the corrected study to which an object belongs, if it belongs to one."""
        facility, header = reading.facility_id, reading.stored
        for series_uid in (header.series_instance_uid, ""):
            placed = self.by_received.get((facility, header.study_instance_uid, series_uid))
            if placed is not None:
                return placed
        return self.corrected.get((facility, header.study_instance_uid))

    def overlay(self, study_id: int) -> Overlay | None:
        if study_id not in self._overlays:
            self._overlays[study_id] = overlay_of(study_id) or _bare(study_id)
        return self._overlays[study_id]

    def is_same_person(self, reading: Reading, overlay: Overlay) -> bool:
        """Whether an object is of the patient of whom the others are that were received with its study's UID."""
        key = reading.facility_id, reading.stored.study_instance_uid
        if key not in self._persons:
            self._persons[key] = received_identity(*key)
        return self._persons[key] in {None, patient_identity(reading.stored)}


def received_identity(facility_id: int, study_uid: str) -> str | None:
    """Return the identity of the patient as whose a study was received; None where nothing of it can be read."""
    received = Instance.objects.filter(series__study__facility_id=facility_id, path__startswith=study_folder(study_uid))
    for path in received.order_by("pk").values_list("path", flat=True)[:3]:
        try:
            return patient_identity(read_header(settings.NOCTIS_DATA.storage / path))
        except (NotStorable, OSError):
            continue
    return None


def _bare(study_id: int) -> Overlay | None:
    """Return what makes an object one of a study about which nothing else is corrected."""
    study = Study.objects.filter(pk=study_id).first()
    return None if study is None else Overlay(study.study_instance_uid, {}, {}, {}, {}, study.changed_at)


def _corrected(header: Header, overlay: Overlay) -> Header:
    dataset = deepcopy(header.dataset)
    apply_overlay(dataset, overlay)
    return replace(header, dataset=dataset, study_instance_uid=text(dataset, "StudyInstanceUID"))
