"""Rows of the index for tests of the worklist, made without files."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Patient, Study, StudyStatus
from noctis.dicom.attributes import person_name_display
from noctis.reading_worklist.following import follow_studies

_numbers = count(1)


def make_study(
    facility: Facility, patient_name: str = "Phantom^Ada", *, is_followed: bool = True, **values: Any
) -> Study:
    """Insert a study of ``facility``, with its row of the worklist; its search text is made as ingest makes it.

    Who makes many lets them be followed together.
    """
    number = next(_numbers)
    now = timezone.now()
    identifier = values.pop("patient_identifier", f"P{number}")
    patient, _ = Patient.objects.get_or_create(
        facility=facility,
        identity=f"id:^{identifier}",
        defaults={"patient_identifier": identifier, "name": patient_name},
    )
    fields: dict[str, Any] = {
        "study_instance_uid": f"2.25.{number}",
        "modalities": "CT",
        "series_count": 1,
        "instance_count": 1,
        "status": StudyStatus.READY,
        "received_at": now,
        "changed_at": now,
        **values,
    }
    parts = (
        patient_name,
        person_name_display(patient_name),
        identifier,
        fields.get("accession_number", ""),
        fields.get("description", ""),
    )
    study = Study.objects.create(
        facility=facility,
        patient=patient,
        patient_name=patient_name,
        patient_identifier=identifier,
        search_text=" ".join(parts).lower(),
        **fields,
    )
    if is_followed:
        follow_studies([study.pk])
    return study
