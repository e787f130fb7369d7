"""The overlays, placements and patients of some studies as JSON, to go back to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from noctis.archive.models import Instance, Patient, Series, Study
from noctis.archive.storage_area import received_study_uid
from noctis.corrections.contents import move_contents
from noctis.corrections.models import Placement, SeriesOverlay, StudyOverlay

PATIENT_COLUMNS: Final = (
    *("identity", "patient_identifier", "issuer_of_patient_id", "name", "name_index", "birth_date", "sex"),
)
_DATE: Final = "birth_date"


def snapshot(studies: Iterable[Study], patients: Iterable[Patient]) -> dict[str, Any]:
    """Return how things stand."""
    studies = list(studies)
    ids = [study.pk for study in studies]
    overlays = {one.study_id: one for one in StudyOverlay.objects.filter(study__in=ids)}
    uids = sorted(received_uids(ids) | {study.study_instance_uid for study in studies})
    return {
        "studies": {
            str(study.pk): {
                "patient": study.patient_id,
                "overlay": [overlays[study.pk].attributes, overlays[study.pk].adopted]
                if study.pk in overlays
                else None,
            }
            for study in studies
        },
        "series": {
            str(pk): attributes
            for pk, attributes in SeriesOverlay.objects.filter(series__study__in=ids).values_list(
                "series_id", "attributes"
            )
        },
        "uids": uids,
        "placements": [
            list(one)
            for one in _placements(uids, ids).order_by("pk").values_list("facility", "study_uid", "series_uid", "study")
        ],
        "patients": {str(one.pk): {name: _written(getattr(one, name)) for name in PATIENT_COLUMNS} for one in patients},
    }


def restore(before: dict[str, Any], studies: Iterable[Study], now: datetime) -> None:
    """Bring back what ``snapshot`` returned; of ``studies``, those made since keep nothing."""
    ids = [int(pk) for pk in before["studies"]]
    StudyOverlay.objects.filter(study__in=studies).exclude(study__in=ids).delete()
    for pk, columns in before["patients"].items():
        _restore_patient(int(pk), columns)
    for pk, state in before["studies"].items():
        Study.objects.filter(pk=pk).update(patient=state["patient"])
        if state["overlay"] is None:
            StudyOverlay.objects.filter(study=pk).delete()
        else:
            attributes, adopted = state["overlay"]
            StudyOverlay.objects.update_or_create(
                study_id=pk, defaults={"attributes": attributes, "adopted": adopted, "changed_at": now}
            )
    SeriesOverlay.objects.filter(series__study__in=ids).exclude(series__in=before["series"]).delete()
    for pk, attributes in before["series"].items():
        if Series.objects.filter(pk=pk).exists():
            SeriesOverlay.objects.update_or_create(series_id=pk, defaults={"attributes": attributes})
    _placements(before["uids"], ids).delete()
    Placement.objects.bulk_create(
        Placement(facility_id=facility, study_uid=study_uid, series_uid=series_uid, study_id=study)
        for facility, study_uid, series_uid, study in before["placements"]
    )


def received_uids(study_ids: Iterable[int]) -> set[str]:
    """Return the Study Instance UIDs with which the instances of some studies were received."""
    paths = Instance.objects.filter(series__study__in=study_ids).order_by().values_list("path", flat=True)
    return {received_study_uid(path) for path in paths.iterator()}


def _placements(uids: list[str], study_ids: list[int]) -> Any:
    return Placement.objects.filter(Q(study_uid__in=uids) | Q(study__in=study_ids))


def _restore_patient(pk: int, columns: dict[str, Any]) -> None:
    """Give a patient the columns of before; who took the identity meanwhile is the same person."""
    facility = Patient.objects.values_list("facility_id", flat=True).get(pk=pk)
    newcomers = Patient.objects.filter(facility=facility, identity=columns["identity"]).exclude(pk=pk)
    for newcomer in newcomers:
        move_contents(newcomer, Patient.objects.get(pk=pk))
        Study.objects.filter(patient=newcomer).update(patient=pk)
        Patient.objects.filter(pk=newcomer.pk).update(identity=f"gone:{newcomer.pk}")
    Patient.objects.filter(pk=pk).update(**columns)


def _written(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
