"""A study at the wrong patient moved to the right one, and two patients who are one merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from noctis.archive.models import Patient, Study
from noctis.corrections.attributes import PATIENT
from noctis.corrections.contents import Moved, move_contents
from noctis.corrections.models import Kind
from noctis.corrections.plans.patients import find_patient, new_patient
from noctis.corrections.plans.plan import (
    Objection,
    Plan,
    Row,
    add_to_overlay,
    described,
    described_patient,
    rows_for,
    values_of_patient,
)


@dataclass
class MoveStudy(Plan):
    """Move a study to the patient with an ID; ``new_values`` make a patient whom nobody knows yet."""

    kind: ClassVar[Kind] = Kind.MOVE_STUDY

    patient_id: str = ""
    issuer: str = ""
    new_values: Mapping[str, str] = field(default_factory=dict)
    target: Patient = field(default_factory=Patient)

    def work_out(self) -> None:
        """Find or make the patient."""
        self.studies = [self.study]
        self._find_target()
        self.rows = [
            Row(
                described(self.study), "Patient", described_patient(self.study.patient), described_patient(self.target)
            ),
            *self._rows(self.study),
        ]

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write the overlay and the study's patient."""
        if not self.target.pk:
            self.target.save()
        values = values_of_patient(self.target)
        for study in self.studies:
            add_to_overlay(study, values, now)
            Study.objects.filter(pk=study.pk).update(patient=self.target)
        return []

    def _rows(self, study: Study) -> list[Row]:
        return rows_for(described(study), study, PATIENT, values_of_patient(self.target))

    def _find_target(self) -> None:
        known: Patient | None = find_patient(self.facility, self.patient_id, self.issuer or None)
        if self.new_values:
            if known is not None and known.studies.filter(instance_count__gt=0).exists():
                raise Objection("There is a patient with this ID already: choose an existing patient.", "patient_id")
            self.target = known or new_patient(self.facility, self.new_values)
        elif known is None:
            raise Objection(
                "No patient of this facility has this ID. Look at it again, or make a new patient.", "patient_id"
            )
        else:
            self.target = known
        if self.target.pk == self.study.patient_id:
            raise Objection("The study is this patient's already.", "patient_id")
        self.patients = [self.study.patient, *([self.target] if self.target.pk else [])]


@dataclass
class MergePatients(MoveStudy):
    """Give all studies of a patient, and what else hangs on the patient, to another row that is the same person."""

    kind: ClassVar[Kind] = Kind.MERGE_PATIENTS

    def work_out(self) -> None:
        """Find the patient who stays."""
        self._find_target()
        source = self.study.patient
        others = source.studies.filter(instance_count__gt=0).exclude(pk=self.study.pk).order_by("pk")
        self.studies = [self.study, *others.select_related("patient", "facility")]
        self.rows = [Row("Patient", "Merged into", described_patient(source), described_patient(self.target))]
        for study in self.studies:
            self.rows += self._rows(study)

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write overlays and patients, and move what hangs on the one who goes."""
        super().carry_out(now)
        return move_contents(self.study.patient, self.target)
