"""A plan: the rows of the preview, what it warns of, and how it is carried out."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from noctis.accounts.models import Facility
from noctis.archive.models import Patient, Series, Study
from noctis.corrections.attributes import PERSONAL, Correctable, Values
from noctis.corrections.contents import Moved
from noctis.corrections.models import Correction, Kind, SeriesOverlay, StudyOverlay
from noctis.corrections.signals import plan_made
from noctis.dicom.attributes import person_name_display

MOST_STUDIES: Final = 20


class Objection(Exception):
    """The correction cannot be made as it was asked for; the text says what to do, ``field`` where."""

    def __init__(self, text: str, field: str = "") -> None:
        """Keep where it was said."""
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Row:
    """One line of a preview: what is said about what, before and after."""

    where: str
    attribute: str
    old: str
    new: str


@dataclass
class Plan(ABC):
    """A correction that was asked for. ``studies`` and ``patients`` are all that it concerns."""

    kind: ClassVar[Kind]

    study: Study
    studies: list[Study] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Work out what would be done. Raises Objection."""
        self.work_out()
        plan_made.send(sender=None, plan=self)

    @abstractmethod
    def work_out(self) -> None:
        """Fill in what is concerned and what is shown. Raises Objection."""

    @abstractmethod
    def carry_out(self, now: datetime) -> list[Moved]:
        """Write overlays, placements and patients; return what was moved beside them."""

    @property
    def facility(self) -> Facility:
        """The facility whose studies these are; a correction never reaches beyond it."""
        return self.study.facility

    @property
    def instances(self) -> int:
        """How many objects are concerned."""
        return sum(study.instance_count for study in self.studies)

    @property
    def token(self) -> str:
        """A text that is another one as soon as what the preview shows, or what it was made from, has changed."""
        latest = Correction.objects.filter(studies__in=[one for one in self.studies if one.pk])
        state: list[Any] = [
            [asdict(row) for row in self.rows],
            [[one.pk, one.patient_id, one.series_count, one.instance_count] for one in self.studies],
            [[one.pk, one.identity] for one in self.patients],
            sorted(latest.values_list("pk", "undone_at").distinct().order_by("pk").values_list("pk", flat=True)),
            latest.filter(undone_at__isnull=False).values("pk").distinct().count(),
            self.obstacles,
        ]
        return hashlib.sha256(json.dumps(state, default=str).encode()).hexdigest()


def shown(attribute: Correctable, value: str) -> str:
    """Return a DICOM value as people read it."""
    if attribute.vr == "PN":
        return person_name_display(value)
    if attribute.vr == "DA" and len(value) == len("YYYYMMDD"):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if attribute.vr == "TM" and len(value) >= len("HHMMSS"):
        return f"{value[:2]}:{value[2:4]}:{value[4:]}"
    return value


def described(study: Study) -> str:
    """Return how people tell a study from the patient's others."""
    parts = (f"{study.study_date:%Y-%m-%d}" if study.study_date else "", study.description, study.accession_number)
    return " · ".join(part for part in parts if part) or study.study_instance_uid


def described_series(series: Series) -> str:
    """Return how people tell a series from the study's others."""
    parts = (f"Series {series.series_number}" if series.series_number is not None else "Series", series.modality)
    return " · ".join(part for part in (*parts, series.description) if part)


def described_patient(patient: Patient) -> str:
    """Return how people tell a patient from others."""
    born = f"born {patient.birth_date:%Y-%m-%d}" if patient.birth_date else ""
    parts = (person_name_display(patient.name), patient.patient_identifier, born)
    return " · ".join(part for part in parts if part)


def rows_for(where: str, row: Study | Series, known: tuple[Correctable, ...], values: Values) -> list[Row]:
    """Return the lines for what changes in a study or series."""
    return [
        Row(where, one.label, shown(one, one.current(row)), shown(one, values[one.keyword] or ""))
        for one in known
        if one.keyword in values and (values[one.keyword] or "") != one.current(row)
    ]


def add_to_overlay(study: Study, values: Values, now: datetime, *, adopted: Values | None = None) -> None:
    """Let the objects of a study say ``values``, and those received as another study's what is ``adopted``."""
    overlay, _ = StudyOverlay.objects.get_or_create(study=study, defaults={"changed_at": now})
    overlay.attributes = {**overlay.attributes, **values}
    if adopted is not None:
        overlay.adopted = dict(adopted)
    overlay.changed_at = now
    overlay.save()


def add_to_series_overlay(series: Series, values: Values) -> None:
    """Let the objects of a series say ``values``."""
    overlay, _ = SeriesOverlay.objects.get_or_create(series=series)
    overlay.attributes = {**overlay.attributes, **values}
    overlay.save()


def values_of_patient(patient: Patient) -> dict[str, str | None]:
    """Return what objects say of a patient, and what of another person must go.

    What the patient's row does not know is taken from the first study that does.
    """
    name, birth_date, sex = patient.name, patient.birth_date, patient.sex
    if patient.pk and not (name and birth_date and sex):
        known = patient.studies.order_by("pk").values_list("patient_name", "birth_date", "sex")
        for stated_name, stated_birth_date, stated_sex in known[:MOST_STUDIES]:
            name, birth_date, sex = name or stated_name, birth_date or stated_birth_date, sex or stated_sex
    return {
        **dict.fromkeys(PERSONAL),
        "PatientName": name,
        "PatientID": patient.patient_identifier,
        "IssuerOfPatientID": patient.issuer_of_patient_id or None,
        "PatientBirthDate": f"{birth_date:%Y%m%d}" if birth_date else "",
        "PatientSex": sex,
    }
