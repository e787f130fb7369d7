"""Flags that arriving objects raise: gathered while a batch is filed, written with it, at most so many for a study."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import F

from noctis.archive.discrepancies import (
    Finding,
    difference,
    different_identity,
    looks_of,
    other_patient,
    unfit_values,
)
from noctis.archive.models import FlagReason, Instance, Patient, Series, Study, StudyFlag
from noctis.dicom.attributes import demographics, text, whole_number

if TYPE_CHECKING:
    from noctis.archive.filing import Arrival

logger = logging.getLogger(__name__)

MOST_FLAGS: Final = 20
FURTHER: Final = "further"


@dataclass
class _Sighting:
    """What was found in a study, in how many objects, and the last of these."""

    finding: Finding
    arrival: Arrival
    count: int = 0


@dataclass
class Flags:
    """What the objects of one batch give cause for."""

    _sightings: dict[tuple[int, str, str], _Sighting] = field(default_factory=dict)
    _unfit: dict[tuple[object, ...], list[Finding]] = field(default_factory=dict)
    _patients: dict[int, Patient] = field(default_factory=dict)

    def unfit_values_of(self, arrival: Arrival) -> list[Finding]:
        """Return what does not fit within an object; to be asked before its values are read."""
        looks = looks_of(arrival.header)
        if looks not in self._unfit:
            self._unfit[looks] = unfit_values(arrival.header)
        return self._unfit[looks]

    def note_all(self, study: Study, findings: Iterable[Finding], arrival: Arrival) -> None:
        """Remember findings about an object of ``study``."""
        for finding in findings:
            key = (study.pk, finding.reason.value, finding.fingerprint)
            sighting = self._sightings.setdefault(key, _Sighting(finding, arrival))
            sighting.arrival = arrival
            sighting.count += 1

    def look_at(self, study: Study, arrival: Arrival) -> None:
        """Compare an object with its patient and its study."""
        dataset = arrival.header.dataset
        stated = demographics(dataset)
        if contradictions := other_patient(stated, self._completed(study.patient), study):
            self.note_all(study, [Finding.of(FlagReason.PATIENT_DIFFERS, contradictions)], arrival)
        number = text(dataset, "InstanceNumber")
        if number and whole_number(dataset, "InstanceNumber") is None:
            problem = {"attribute": "InstanceNumber", "problem": "is no whole number and is left out"}
            self.note_all(study, [Finding.of(FlagReason.ADAPTED_VALUES, [problem])], arrival)

    def look_at_new_series(self, series: Series, study: Study, arrival: Arrival) -> None:
        """Look whether another study of the facility has a series with this UID."""
        others = Series.objects.filter(
            series_instance_uid=series.series_instance_uid, study__facility_id=study.facility_id
        ).exclude(study=study)
        other = others.values_list("study__study_instance_uid", flat=True).first()
        if other is not None:
            found = difference("StudyInstanceUID", other, study.study_instance_uid)
            self.note_all(study, [Finding.of(FlagReason.SERIES_OF_ANOTHER_STUDY, [found])], arrival)

    def note_quarantined(self, reason: FlagReason, arrival: Arrival) -> None:
        """Say at the study that an object which contradicts it waits in quarantine; never across facilities."""
        header, facility = arrival.header, arrival.reception.facility_id
        if reason == FlagReason.SAME_UID_OTHER_BYTES:
            stored = Instance.objects.select_related("series__study").filter(sop_instance_uid=header.sop_instance_uid)
            instance = stored.filter(series__study__facility_id=facility).first()
            if instance is not None:
                self.note_all(instance.series.study, [Finding(reason)], arrival)
            return
        studies = Study.objects.select_related("patient").filter(study_instance_uid=header.study_instance_uid)
        study = studies.filter(facility_id=facility).first()
        if study is not None:
            differences = different_identity(demographics(header.dataset), study)
            self.note_all(study, [Finding.of(reason, differences)], arrival)

    def save(self, now: datetime) -> None:
        """Write the flags: known ones are counted, what is new is added."""
        for (study_id, reason, fingerprint), sighting in self._sightings.items():
            if not self._count(study_id, reason, fingerprint, sighting, now):
                self._add(study_id, sighting, now)

    def _count(self, study_id: int, reason: str, fingerprint: str, sighting: _Sighting, now: datetime) -> bool:
        same = StudyFlag.objects.filter(study_id=study_id, reason=reason, fingerprint=fingerprint)
        return bool(
            same.update(
                count=F("count") + sighting.count,
                last_at=now,
                ae_title=sighting.arrival.reception.ae_title,
                sop_instance_uid=sighting.arrival.header.sop_instance_uid,
            )
        )

    def _add(self, study_id: int, sighting: _Sighting, now: datetime) -> None:
        finding, header = sighting.finding, sighting.arrival.header
        fingerprint, differences = finding.fingerprint, list(finding.differences)
        if StudyFlag.objects.filter(study_id=study_id).count() >= MOST_FLAGS:
            fingerprint, differences = FURTHER, []
            if self._count(study_id, finding.reason, FURTHER, sighting, now):
                return
        StudyFlag.objects.create(
            study_id=study_id,
            reason=finding.reason,
            fingerprint=fingerprint,
            differences=differences,
            count=sighting.count,
            ae_title=sighting.arrival.reception.ae_title,
            sop_instance_uid=header.sop_instance_uid,
            first_at=now,
            last_at=now,
        )
        logger.info("study %s is flagged: %s", header.study_instance_uid, finding.reason.value)

    def _completed(self, patient: Patient) -> Patient:
        """Return a patient whose unknown particulars are those that the first study with them states; not saved."""
        if patient.pk not in self._patients:
            whole = Patient(name=patient.name, birth_date=patient.birth_date, sex=patient.sex)
            if not (whole.name and whole.birth_date and whole.sex):
                for name, birth_date, sex in patient.studies.order_by("pk").values_list(
                    "patient_name", "birth_date", "sex"
                )[:MOST_FLAGS]:
                    whole.name, whole.sex = whole.name or name, whole.sex or sex
                    whole.birth_date = whole.birth_date or birth_date
            self._patients[patient.pk] = whole
        return self._patients[patient.pk]
