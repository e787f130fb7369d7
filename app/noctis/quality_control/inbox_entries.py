"""Entries of the inbox as people read them: what they are about, whose, from where, and the page that decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db.models import Count, Model, Q, QuerySet
from django.urls import reverse

from noctis.accounts.models import Facility, User
from noctis.archive.models import QuarantinedObject, Study, StudyFlag, StudyStatus
from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.quality_control.inbox import Kind, Place

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Entry:
    """One line of the inbox."""

    kind: Kind
    at: datetime
    title: str
    url: str
    facility: Facility
    source: str
    count: int
    study: Study | None = None
    patient_name: str = ""
    patient_identifier: str = ""
    study_instance_uid: str = ""
    outcome: str = ""


def entries_of(places: Iterable[Place], user: User) -> list[Entry]:
    """Return what stands at ``places``, in their order; what ``user`` may not see is not there."""
    keys: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    listed = list(places)
    for place in listed:
        keys[place.kind].append(place.key)
    found = {kind: _READERS[kind](of_kind, user) for kind, of_kind in keys.items() if of_kind}
    rows = [found[place.kind].get(place.key) for place in listed]
    return [row for row in rows if row is not None]


def _flags(keys: list[int], user: User) -> dict[int, Entry]:
    visible = StudyFlag.objects.visible_to(user).select_related("study__facility", "resolved_by")
    return {
        flag.pk: Entry(
            kind=Kind.FLAG,
            at=flag.last_at,
            title=flag.get_reason_display(),
            url=reverse("flag", args=[flag.pk]),
            facility=flag.study.facility,
            source=flag.ae_title,
            count=flag.count,
            outcome=f"Resolved by {flag.resolved_by}" if flag.resolved_at else "",
            **_of_study(flag.study),
        )
        for flag in _named(visible, keys)
    }


def _quarantined(keys: list[int], user: User) -> dict[int, Entry]:
    visible = QuarantinedObject.objects.visible_to(user).select_related("facility", "reception", "decided_by")
    objects = _named(visible, keys)
    counted = _together(objects)
    uids = [kept.study_instance_uid for kept in objects]
    studies = {
        study.study_instance_uid: study for study in Study.objects.visible_to(user).filter(study_instance_uid__in=uids)
    }
    entries = {}
    for kept in objects:
        study = studies.get(kept.study_instance_uid)
        told = _of_study(study) if study and study.facility_id == kept.facility_id else {}
        entries[kept.pk] = Entry(
            kind=Kind.QUARANTINE,
            at=kept.created_at,
            title=kept.get_reason_display(),
            url=reverse("quality_control:quarantined", args=[kept.pk]),
            facility=kept.facility,
            source=kept.reception.ae_title or kept.reception.protocol,
            count=counted.get(_group_of(kept), 1),
            outcome=f"{kept.get_decision_display().split(':')[0]} by {kept.decided_by}" if kept.decision else "",
            **{"study_instance_uid": kept.study_instance_uid, **told},
        )
    return entries


def _missing(keys: list[int], user: User) -> dict[int, Entry]:
    visible = PerformedProcedureStep.objects.visible_to(user).select_related("facility", "missing_given_up_by")
    return {
        step.pk: Entry(
            kind=Kind.MISSING,
            at=step.changed_at,
            title="Images that the modality made did not arrive",
            url=f"{reverse('scheduling:missing')}?study={step.study_instance_uid}",
            facility=step.facility,
            source=step.station_ae_title or step.reported_by,
            count=step.missing_count or 0,
            patient_name=step.patient_display_name,
            patient_identifier=step.patient_identifier,
            study_instance_uid=step.study_instance_uid,
            outcome=f"Given up by {step.missing_given_up_by}" if step.missing_given_up_at else "",
        )
        for step in _named(visible, keys)
    }


def _studies(keys: list[int], user: User) -> dict[int, Entry]:
    visible = Study.objects.visible_to(user).select_related("facility", "acceptance__accepted_by")
    return {study.pk: _study(study) for study in _named(visible, keys)}


def _study(study: Study) -> Entry:
    acceptance = getattr(study, "acceptance", None)
    is_open = study.status == StudyStatus.UNCHECKED
    return Entry(
        kind=Kind.STUDY,
        at=study.received_at,
        title="The study waits to be accepted" if is_open else "The study was accepted",
        url=reverse("quality_control:study", args=[study.study_instance_uid]),
        facility=study.facility,
        source="",
        count=study.instance_count,
        outcome=f"Accepted by {acceptance.accepted_by}" if acceptance and not is_open else "",
        **_of_study(study),
    )


def _of_study(study: Study) -> dict[str, Any]:
    return {
        "study": study,
        "patient_name": study.patient_display_name,
        "patient_identifier": study.patient_identifier,
        "study_instance_uid": study.study_instance_uid,
    }


def _named(visible: QuerySet[Row], keys: list[int]) -> list[Row]:
    return list(visible.filter(pk__in=keys))


def _group_of(kept: QuarantinedObject) -> tuple[int, str, str, str]:
    return kept.facility_id, kept.reason, kept.decision, kept.study_instance_uid


def _together(objects: list[QuarantinedObject]) -> Mapping[tuple[int, str, str, str], int]:
    """Return how many objects wait together, by group; those without a study each wait alone."""
    uids = {kept.study_instance_uid for kept in objects} - {""}
    rows = QuarantinedObject.objects.filter(Q(study_instance_uid__in=uids)).order_by()
    grouped = rows.values_list("facility", "reason", "decision", "study_instance_uid").annotate(Count("pk"))
    return {(facility, reason, decision, uid): number for facility, reason, decision, uid, number in grouped}


_READERS: Final[Mapping[Kind, Callable[[list[int], User], dict[int, Entry]]]] = {
    Kind.FLAG: _flags,
    Kind.QUARANTINE: _quarantined,
    Kind.MISSING: _missing,
    Kind.STUDY: _studies,
}
