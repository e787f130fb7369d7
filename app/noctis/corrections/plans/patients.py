"""Patients as corrections need them: found, renamed, made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from noctis.accounts.models import Facility
from noctis.archive.filing import identity_of
from noctis.archive.models import Patient
from noctis.corrections.plans.plan import Objection
from noctis.dicom.matching import name_index

ID_NEEDED = "A patient needs an ID."


def identity_for(patient_id: str, issuer: str) -> str:
    """Return what tells a patient with this ID from others. Raises Objection where there is no ID."""
    if not patient_id:
        raise Objection(ID_NEEDED, "PatientID")
    return identity_of(patient_id, issuer, "")


def find_patient(facility: Facility, patient_id: str, issuer: str | None = None) -> Patient | None:
    """Return the facility's patient with an ID; raises Objection where several issuers gave it."""
    found = Patient.objects.filter(facility=facility, patient_identifier=patient_id)
    if issuer:
        found = found.filter(issuer_of_patient_id=issuer)
    candidates = list(found[:2])
    if len(candidates) > 1:
        raise Objection("Several patients have this ID: give its issuer too.", "issuer")
    return candidates[0] if candidates else None


def patient_columns(values: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the columns of a patient for the values that are given."""
    columns: dict[str, Any] = {}
    if "PatientName" in values:
        columns["name"] = values["PatientName"] or ""
        columns["name_index"] = name_index(columns["name"])
    if "PatientID" in values:
        columns["patient_identifier"] = values["PatientID"] or ""
    if "IssuerOfPatientID" in values:
        columns["issuer_of_patient_id"] = values["IssuerOfPatientID"] or ""
    if "PatientBirthDate" in values:
        stated = values["PatientBirthDate"]
        columns["birth_date"] = date(int(stated[:4]), int(stated[4:6]), int(stated[6:])) if stated else None
    if "PatientSex" in values:
        columns["sex"] = values["PatientSex"] or ""
    return columns


def new_patient(facility: Facility, values: Mapping[str, str | None]) -> Patient:
    """Return a patient who is not yet saved. Raises Objection where there is no ID."""
    identity = identity_for(values.get("PatientID") or "", values.get("IssuerOfPatientID") or "")
    return Patient(facility=facility, identity=identity, **patient_columns(values))
