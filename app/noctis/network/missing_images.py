"""What modalities say to have made and the archive does not have, for the pages: per series, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import FacilityScopedQuerySet, Instance, QuarantinedObject, Study, StudyStatus
from noctis.modality_worklist.models import PerformedProcedureStep, PerformedStatus
from noctis.modality_worklist.permissions import may_read_schedule

# Many modalities report their end first and send afterwards.
SENDING_TAKES: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class MissingOfSeries:
    """A series of a report and the SOP Instance UIDs of it that were not filed."""

    series_instance_uid: str
    description: str
    expected: int
    not_received: list[str]
    quarantined: list[str]

    @property
    def missing(self) -> int:
        """How many were not filed."""
        return len(self.not_received) + len(self.quarantined)


@dataclass(frozen=True)
class MissingOfStep:
    """A performed step with the series that are not complete, and the study as far as it arrived."""

    step: PerformedProcedureStep
    series: list[MissingOfSeries]
    study: Study | None

    @property
    def may_be_on_their_way(self) -> bool:
        """Whether it is too early to worry: images come in, or the report is young."""
        if self.study is not None and self.study.status == StudyStatus.ARRIVING:
            return True
        return timezone.now() - self.step.changed_at < SENDING_TAKES

    @property
    def quarantined(self) -> int:
        """How many arrived and wait in quarantine."""
        return sum(len(series.quarantined) for series in self.series)

    @property
    def not_received(self) -> int:
        """How many did not arrive."""
        return sum(len(series.not_received) for series in self.series)

    @property
    def was_discontinued(self) -> bool:
        """Whether the modality broke the step off."""
        return self.step.status == PerformedStatus.DISCONTINUED


def missing_of(steps: Iterable[PerformedProcedureStep], user: User) -> list[MissingOfStep]:
    """Return what ``steps``, which ``user`` may see, lack; prefetch ``series`` and select ``facility`` before."""
    listed = list(steps)
    uids = [step.study_instance_uid for step in listed]
    studies = {
        (study.facility_id, study.study_instance_uid): study
        for study in Study.objects.visible_to(user).filter(study_instance_uid__in=uids)
    }
    return [_missing_of(step, studies.get((step.facility_id, step.study_instance_uid))) for step in listed]


def missing_by_study(user: User, studies: Iterable[Study]) -> dict[str, int]:
    """Return how many instances lack in each of ``studies`` that lacks any and is not still arriving."""
    if not may_read_schedule(user):
        return {}
    settled = {
        (study.facility_id, study.study_instance_uid) for study in studies if study.status != StudyStatus.ARRIVING
    }
    steps = PerformedProcedureStep.objects.lacking_instances().visible_to(user)
    rows = steps.filter(study_instance_uid__in=[uid for _, uid in settled])
    found: dict[str, int] = {}
    for facility, uid, count in rows.values_list("facility_id", "study_instance_uid", "missing_count"):
        if (facility, uid) in settled:
            found[uid] = found.get(uid, 0) + (count or 0)
    return found


def _missing_of(step: PerformedProcedureStep, study: Study | None) -> MissingOfStep:
    named: set[str] = set()
    series = []
    for reported in step.series.all():
        expected = [uid for uid in reported.instance_uids if uid not in named]  # named twice, missed once
        named.update(expected)
        stored = _known(step, expected, Instance.objects.all())
        absent = [uid for uid in expected if uid not in stored]
        if absent:
            waiting = _known(step, absent, QuarantinedObject.objects.undecided())
            series.append(
                MissingOfSeries(
                    reported.series_instance_uid,
                    reported.description or reported.protocol_name,
                    len(expected),
                    [uid for uid in absent if uid not in waiting],
                    [uid for uid in absent if uid in waiting],
                )
            )
    return MissingOfStep(step, series, study)


def _known(
    step: PerformedProcedureStep,
    uids: list[str],
    rows: FacilityScopedQuerySet[Instance] | FacilityScopedQuerySet[QuarantinedObject],
) -> set[str]:
    """Return which of ``uids`` the step's facility has among ``rows``."""
    known: set[str] = set()
    for first in range(0, len(uids), 500):  # databases bound the number of parameters
        chunk = rows.visible_to_facility(step.facility).filter(sop_instance_uid__in=uids[first : first + 500])
        known.update(chunk.values_list("sop_instance_uid", flat=True))
    return known
