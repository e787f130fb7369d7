"""Studies merged, and series split off into a study of their own or into another one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from noctis.archive.header import NotStorable, read_header
from noctis.archive.models import Instance, Patient, Series, Study
from noctis.archive.storage_area import received_study_uid, study_folder
from noctis.corrections.attributes import ADOPTED, PATIENT, PERSONAL, REQUIRED, STUDY, Values
from noctis.corrections.contents import Moved, move_contents
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.models import Kind, Placement, StudyOverlay
from noctis.corrections.overlays import overlay_of
from noctis.corrections.plans.plan import (
    Objection,
    Plan,
    Row,
    add_to_overlay,
    described,
    described_series,
    rows_for,
)
from noctis.corrections.settling import Unreadable
from noctis.dicom.attributes import person_name_text, texts

NAMES = frozenset({"PatientName", "ReferringPhysicianName"})


@dataclass
class MergeStudies(Plan):
    """Let the series of ``study`` appear in ``target``, with everything that was added to it."""

    kind: ClassVar[Kind] = Kind.MERGE_STUDIES

    target: Study = field(default_factory=Study)

    def work_out(self) -> None:
        """Compare the two."""
        if self.target.pk == self.study.pk or self.target.facility_id != self.study.facility_id:
            raise Objection("Choose another study of the same facility.", "target")
        self.studies = [self.study, self.target]
        self.patients = _distinct_patients(self.studies)
        where = described(self.study)
        self.rows = [
            Row(where, "Study Instance UID", self.study.study_instance_uid, self.target.study_instance_uid),
            *rows_for(where, self.study, (*PATIENT, *STUDY), _index_values(self.target)),
        ]
        self.obstacles += _shared_series(self.target, list(self.study.series.all()))
        self.warnings += _other_patient(self.study, self.target)

    @property
    def instances(self) -> int:
        """How many objects go."""
        return self.study.instance_count

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write where the series belong, and move what was added to the study that goes."""
        add_to_overlay(self.target, {}, now, adopted=adopted_by(self.target, self.study))
        Placement.objects.filter(study=self.study).update(study=self.target)
        _place(self.study, "", self.study.study_instance_uid, self.target)
        return move_contents(self.study, self.target)


@dataclass
class SplitStudy(Plan):
    """Let the series with the primary keys ``chosen`` appear in ``target``, or in a new study."""

    kind: ClassVar[Kind] = Kind.SPLIT_STUDY

    chosen: Collection[int] = ()
    target: Study | None = None
    series: list[Series] = field(default_factory=list)

    def work_out(self) -> None:
        """Look what goes and what stays."""
        self.series = list(self.study.series.filter(pk__in=self.chosen).order_by("series_number", "pk"))
        if not self.series:
            raise Objection("Choose the series that shall go.", "series")
        if len(self.series) == self.study.series.count():
            raise Objection("At least one series must stay; merge the study instead to move all.", "series")
        self.studies = [self.study]
        if self.target is not None:
            if self.target.pk == self.study.pk or self.target.facility_id != self.study.facility_id:
                raise Objection("Choose another study of the same facility.", "target")
            self.studies.append(self.target)
            self.obstacles += _shared_series(self.target, self.series)
            self.warnings += _other_patient(self.study, self.target)
        self.patients = _distinct_patients(self.studies)
        goes_to = described(self.target) if self.target else "a new study of the same patient"
        self.rows = [Row(described_series(one), "Study", described(self.study), goes_to) for one in self.series]

    @property
    def instances(self) -> int:
        """How many objects go."""
        return sum(series.instance_count for series in self.series)

    def carry_out(self, now: datetime) -> list[Moved]:
        """Write where the series belong."""
        target = self.target or self._new_study(now)
        add_to_overlay(target, {}, now, adopted=adopted_by(self.target or self.study, self.study))
        add_to_overlay(self.study, {}, now)  # what refers to the series is to be corrected
        for series in self.series:
            paths = series.instances.order_by().values_list("path", flat=True)
            for received in {received_study_uid(path) for path in paths}:
                _place(self.study, series.series_instance_uid, received, target)
        return []

    def _new_study(self, now: datetime) -> Study:
        made = Study.objects.get(pk=self.study.pk)
        made.pk, made.study_instance_uid = None, str(generate_uid(prefix=None))
        made.series_count = made.instance_count = 0
        made.changed_at = now
        made._state.adding = True  # noqa: SLF001  (Django's own way to copy a row)
        made.save()
        self.studies.append(made)
        return made


def adopted_by(target: Study, source: Study) -> Values:
    """Return what objects that come from elsewhere say in ``target``: what its own objects say of study and patient.

    Raises Unreadable.
    """
    written: dict[str, str | None] = {}
    for study in (source, target):
        for overlay in StudyOverlay.objects.filter(study=study):
            both = {**overlay.adopted, **overlay.attributes}
            written |= both if study == target else {name: None for name in both if both[name] is None}
    if target.patient_id != source.patient_id:
        written = {**dict.fromkeys(PERSONAL), **written}
    dataset = _own_header(target)
    if dataset is None:
        return written
    for keyword in ADOPTED:
        value = person_name_text(dataset, keyword) if keyword in NAMES else "\\".join(texts(dataset, keyword))
        written[keyword] = value if keyword in dataset or keyword in REQUIRED else None
    return written


def _own_header(study: Study) -> Dataset | None:
    """Return the corrected header of an object that was received as this study's; None where it has none."""
    own = Instance.objects.filter(series__study=study, path__startswith=study_folder(study.study_instance_uid))
    path = own.order_by("pk").values_list("path", flat=True).first()
    if path is None:
        return None
    try:
        dataset = read_header(settings.NOCTIS_DATA.storage / path).dataset
    except (NotStorable, OSError) as error:
        raise Unreadable from error
    if overlay := overlay_of(study.pk):
        apply_overlay(dataset, overlay)
    return dataset


def _place(source: Study, series_uid: str, received: str, target: Study) -> None:
    Placement.objects.update_or_create(
        facility_id=source.facility_id, study_uid=received, series_uid=series_uid, defaults={"study": target}
    )


def _index_values(study: Study) -> dict[str, str | None]:
    return {one.keyword: one.current(study) for one in (*PATIENT, *STUDY)}


def _distinct_patients(studies: list[Study]) -> list[Patient]:
    return list({study.patient_id: study.patient for study in studies}.values())


def _shared_series(target: Study, series: Collection[Series]) -> list[str]:
    uids = [one.series_instance_uid for one in series]
    if target.series.filter(series_instance_uid__in=uids).exists():
        return ["Both studies have a series with the same Series Instance UID; they cannot be told apart in one study."]
    return []


def _other_patient(source: Study, target: Study) -> list[str]:
    if source.patient_id == target.patient_id:
        return []
    return ["The two studies are of different patients. What goes will show the other patient's name."]
