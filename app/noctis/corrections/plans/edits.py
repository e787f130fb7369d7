"""Attributes put right: of one study, or of a patient with all studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from noctis.archive.models import Patient, Series, Study
from noctis.corrections.attributes import PATIENT, SERIES, STUDY, with_consequences
from noctis.corrections.contents import Moved
from noctis.corrections.models import Kind
from noctis.corrections.plans.patients import find_patient, identity_for, new_patient, patient_columns
from noctis.corrections.plans.plan import (
    Objection,
    Plan,
    add_to_overlay,
    add_to_series_overlay,
    described,
    described_series,
    rows_for,
)

PATIENT_KEYWORDS = frozenset(one.keyword for one in PATIENT)
IDENTIFYING = frozenset({"PatientID", "IssuerOfPatientID"})


@dataclass
class EditStudy(Plan):
    """Correct one study; ``values`` and ``series_values``, by primary key, hold what shall be said."""

    kind: ClassVar[Kind] = Kind.EDIT_STUDY

    values: Mapping[str, str] = field(default_factory=dict)
    series_values: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)

    def work_out(self) -> None:
        """Compare with what is said now."""
        self.studies = [self.study]
        self.patients = [self.study.patient]
        self.rows = rows_for(described(self.study), self.study, (*PATIENT, *STUDY), self.values)
        self._work_out_series()
        if not self.rows:
            raise Objection("Nothing was changed.")
        if IDENTIFYING & self.values.keys():
            self._require_unknown_patient()

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write the overlays."""
        if self.values:
            add_to_overlay(self.study, with_consequences(self.values), now)
        self._carry_out_series(now)
        if IDENTIFYING & self.values.keys():
            patient = new_patient(self.facility, self._all_values())
            same = Patient.objects.filter(facility=self.facility, identity=patient.identity).first()
            if same is None:
                patient.save()
            Study.objects.filter(pk=self.study.pk).update(patient=same or patient)
        elif PATIENT_KEYWORDS & self.values.keys() and self.study.patient.studies.count() == 1:
            Patient.objects.filter(pk=self.study.patient_id).update(**patient_columns(self.values))
        return []

    def _all_values(self) -> dict[str, str | None]:
        return {one.keyword: self.values.get(one.keyword, one.current(self.study)) for one in PATIENT}

    def _require_unknown_patient(self) -> None:
        stated = self._all_values()
        patient_id, issuer = stated["PatientID"] or "", stated["IssuerOfPatientID"] or ""
        identity = identity_for(patient_id, issuer)
        known = find_patient(self.facility, patient_id, issuer)
        if known is not None and known.identity == identity and known.studies.filter(instance_count__gt=0).exists():
            raise Objection("Another patient has this ID: move the study to that patient instead.", "PatientID")

    def _work_out_series(self) -> None:
        self.series = list(self.study.series.filter(pk__in=self.series_values))
        for series in self.series:
            self.rows += rows_for(described_series(series), series, SERIES, self.series_values[series.pk])

    def _carry_out_series(self, now: datetime) -> None:
        for series in self.series:
            add_to_series_overlay(series, self.series_values[series.pk])
        if self.series:
            add_to_overlay(self.study, {}, now)


@dataclass
class EditPatient(EditStudy):
    """Correct a patient with all studies; what is of the study alone changes in the one it was asked for."""

    kind: ClassVar[Kind] = Kind.EDIT_PATIENT

    def work_out(self) -> None:
        """Compare with what is said now, study by study."""
        others = self.study.patient.studies.filter(instance_count__gt=0).exclude(pk=self.study.pk)
        self.studies = [self.study, *others.select_related("patient", "facility").order_by("pk")]
        self.patients = [self.study.patient]
        self.rows = rows_for(described(self.study), self.study, (*PATIENT, *STUDY), self.values)
        for other in self.studies[1:]:
            self.rows += rows_for(described(other), other, PATIENT, self.values)
        self._work_out_series()
        if not self.rows:
            raise Objection("Nothing was changed.")
        if IDENTIFYING & self.values.keys():
            self._require_free_identity()

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write the overlays and the patient."""
        of_patient = {keyword: value for keyword, value in self.values.items() if keyword in PATIENT_KEYWORDS}
        add_to_overlay(self.study, with_consequences(self.values), now)
        for other in self.studies[1:]:
            add_to_overlay(other, with_consequences(of_patient), now)
        self._carry_out_series(now)
        columns = patient_columns(of_patient)
        if IDENTIFYING & of_patient.keys():
            columns["identity"] = self._identity()
        if columns:
            Patient.objects.filter(pk=self.study.patient_id).update(**columns)
        return []

    def _identity(self) -> str:
        stated = self._all_values()
        return identity_for(stated["PatientID"] or "", stated["IssuerOfPatientID"] or "")

    def _require_free_identity(self) -> None:
        taken = Patient.objects.filter(facility=self.facility, identity=self._identity())
        if taken.exclude(pk=self.study.patient_id).exists():
            raise Objection("Another patient has this ID: merge the two patients instead.", "PatientID")
