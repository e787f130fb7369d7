"""Index rows of one batch: every parent is looked up once, instances are inserted together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F
from pydicom.dataset import Dataset

from noctis.archive.flagging import Flags
from noctis.archive.header import Header, Reading
from noctis.archive.ingest import AUTHORED
from noctis.archive.models import (
    FlagReason,
    Instance,
    Patient,
    QuarantineDecision,
    QuarantinedObject,
    QuarantineReason,
    Reception,
    Series,
    SeriesRequest,
    Study,
    StudyStatus,
)
from noctis.archive.signals import headers_read
from noctis.archive.storage_area import instance_path
from noctis.dicom.attributes import (
    date_value,
    demographics,
    person_name_text,
    sequence_items,
    text,
    time_value,
    whole_number,
)
from noctis.dicom.matching import name_index

IDENTITY_LENGTH = 140
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class Arrival:
    """An acknowledged object with its header read.

    ``header`` says what is indexed; where that is not what the file itself says, ``place`` keeps where the file lies.
    """

    header: Header
    reception: Reception
    sha256: str
    received_at: datetime
    place: str = ""


class Conflict(Exception):
    """The object contradicts what is filed; a person must decide."""

    def __init__(self, reason: QuarantineReason) -> None:
        """Say why."""
        super().__init__(reason.label)
        self.reason = reason


@dataclass
class Batch:
    """The rows that one transaction touches."""

    now: datetime
    is_filed_already: bool = False  # an index made anew: what lies in the storage was once accepted
    studies: dict[str, Study] = field(default_factory=dict)
    series: dict[tuple[int, str], Series] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    stored: dict[str, tuple[str, int]] = field(default_factory=dict)  # SHA-256 and facility by SOP Instance UID
    arriving: set[int] = field(default_factory=set)  # studies that got something that was not made here
    new_series: Counter[int] = field(default_factory=Counter)
    confirmed: set[str] = field(default_factory=set)  # of the study's patient whatever they state, by SOP Instance UID
    flags: Flags = field(default_factory=Flags)

    def look_up(self, arrivals: Iterable[Arrival]) -> None:
        """Read what is already filed of these objects and their studies."""
        headers = [arrival.header for arrival in arrivals]
        instances = Instance.objects.filter(sop_instance_uid__in={header.sop_instance_uid for header in headers})
        for uid, sha256, facility_id in instances.values_list(
            "sop_instance_uid", "sha256", "series__study__facility_id"
        ):
            self.stored[uid] = sha256, facility_id
        study_uids = {header.study_instance_uid for header in headers}
        for study in Study.objects.select_related("patient").filter(study_instance_uid__in=study_uids):
            self.studies[study.study_instance_uid] = study
        for series in Series.objects.filter(
            study__study_instance_uid__in=study_uids,
            series_instance_uid__in={header.series_instance_uid for header in headers},
        ):
            self.series[series.study_id, series.series_instance_uid] = series

    def add(self, arrival: Arrival) -> bool:
        """Add one object. False: the very same bytes are filed already. Raises Conflict where it contradicts them."""
        header = arrival.header
        if stored := self.stored.get(header.sop_instance_uid):
            if stored == (arrival.sha256, arrival.reception.facility_id):
                return False
            is_same = stored[0] == arrival.sha256  # but another facility's, so that this one has no copy of it
            raise Conflict(
                QuarantineReason.STUDY_OF_ANOTHER_FACILITY if is_same else QuarantineReason.SAME_UID_OTHER_BYTES
            )
        unfit = self.flags.unfit_values_of(arrival)
        study = self._study(arrival)
        if header.sop_class_uid not in study.sop_class_list:
            study.sop_classes = "\\".join(sorted([*study.sop_class_list, header.sop_class_uid]))
        series = self._series(study, arrival)
        self.instances[header.sop_instance_uid] = new_instance(arrival, series)
        self.stored[header.sop_instance_uid] = arrival.sha256, study.facility_id
        if arrival.reception.protocol != AUTHORED:
            self.arriving.add(study.pk)
        self.flags.note_all(study, unfit, arrival)
        if header.sop_instance_uid not in self.confirmed:
            self.flags.look_at(study, arrival)
        return True

    def note_conflict(self, conflict: Conflict, arrival: Arrival) -> None:
        """Flag the study that an object contradicts, where it is of the same facility."""
        if conflict.reason in FlagReason.values:
            self.flags.note_quarantined(FlagReason(conflict.reason.value), arrival)

    def save(self) -> None:
        """Insert the instances and bring the parents up to date."""
        Instance.objects.bulk_create(self.instances.values())
        per_series = Counter(instance.series_id for instance in self.instances.values())
        for series_id, count in per_series.items():
            Series.objects.filter(pk=series_id).update(instance_count=F("instance_count") + count, changed_at=self.now)
        series_by_id = {series.pk: series for series in self.series.values()}
        per_study = Counter[int]()
        for series_id, count in per_series.items():
            per_study[series_by_id[series_id].study_id] += count
        studies_by_id = {study.pk: study for study in self.studies.values()}
        for study_id, count in per_study.items():
            Study.objects.filter(pk=study_id).update(
                instance_count=F("instance_count") + count,
                series_count=F("series_count") + self.new_series[study_id],
                modalities=studies_by_id[study_id].modalities,
                sop_classes=studies_by_id[study_id].sop_classes,
                changed_at=self.now,
            )
        Study.objects.filter(pk__in=self.arriving).update(status=StudyStatus.ARRIVING)
        self.flags.save(self.now)

    @property
    def changed_series(self) -> list[int]:
        """Primary keys of the series that got instances."""
        return sorted({instance.series_id for instance in self.instances.values()})

    def _study(self, arrival: Arrival) -> Study:
        header = arrival.header
        facility_id = arrival.reception.facility_id
        identity = patient_identity(header)
        study = self.studies.get(header.study_instance_uid)
        if study is None:
            study = new_study(arrival, new_patient(arrival, identity), self.now)
            self.studies[header.study_instance_uid] = study
        elif study.facility_id != facility_id:
            raise Conflict(QuarantineReason.STUDY_OF_ANOTHER_FACILITY)
        elif study.patient.identity != identity and not self._is_confirmed(arrival):
            raise Conflict(QuarantineReason.STUDY_OF_ANOTHER_PATIENT)
        return study

    def _is_confirmed(self, arrival: Arrival) -> bool:
        """Whether somebody confirmed that an object is of its study's patient although it states another one."""
        uid = arrival.header.sop_instance_uid
        accepted = QuarantinedObject.objects.filter(
            sop_instance_uid=uid,
            sha256=arrival.sha256,
            facility=arrival.reception.facility_id,
            decision=QuarantineDecision.ACCEPTED,
        )
        if self.is_filed_already or accepted.exists():
            self.confirmed.add(uid)
            return True
        return False

    def _series(self, study: Study, arrival: Arrival) -> Series:
        key = (study.pk, arrival.header.series_instance_uid)
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = new_series(arrival, study, self.now)
            self.new_series[study.pk] += 1
            self.flags.look_at_new_series(series, study, arrival)
            if series.modality:
                study.modalities = "\\".join(sorted({*study.modality_list, series.modality}))[:120]
        return series


def place_of(arrival: Arrival) -> str:
    """Return where the file of an object lies by what its header says."""
    header = arrival.header
    return instance_path(header.study_instance_uid, header.sop_instance_uid, arrival.sha256)


def corrected(arrivals: dict[Path, Arrival]) -> dict[Path, Arrival]:
    """Return the arrivals with the headers that are to be indexed; to be called in the batch's transaction."""
    readings = [Reading(one.reception.facility_id, one.header, one.header) for one in arrivals.values()]
    headers_read.send(sender=None, readings=readings)
    return {
        path: one
        if reading.header is one.header
        else replace(one, header=reading.header, place=one.place or place_of(one))
        for (path, one), reading in zip(arrivals.items(), readings, strict=True)
    }


def patient_identity(header: Header) -> str:
    """Return what tells this patient from others of the facility; see Patient."""
    patient = demographics(header.dataset)
    return identity_of(patient.patient_id, patient.issuer, header.study_instance_uid)


def identity_of(patient_id: str, issuer: str, study_instance_uid: str) -> str:
    """Return what tells a patient with this ID from others, or the patient of this study where there is no ID."""
    if not patient_id:
        return f"study:{study_instance_uid}"
    identity = f"id:{issuer}^{patient_id}"
    return identity if len(identity) <= IDENTITY_LENGTH else f"sha256:{hashlib.sha256(identity.encode()).hexdigest()}"


def new_patient(arrival: Arrival, identity: str) -> Patient:
    """Return the facility's patient with this identity, made from the data set where there is none yet."""
    stated = demographics(arrival.header.dataset)
    patient, _ = Patient.objects.get_or_create(
        facility_id=arrival.reception.facility_id,
        identity=identity,
        defaults={
            "patient_identifier": stated.patient_id[:64],
            "issuer_of_patient_id": stated.issuer[:64],
            "name": stated.name[:400],
            "name_index": name_index(stated.name[:400]),
            "birth_date": stated.birth_date,
            "sex": stated.sex[:16],
        },
    )
    return patient


def new_study(arrival: Arrival, patient: Patient, now: datetime) -> Study:
    """Insert the study that a first object speaks of."""
    return Study.objects.create(
        facility_id=arrival.reception.facility_id,
        patient=patient,
        study_instance_uid=arrival.header.study_instance_uid,
        received_at=now,
        changed_at=now,
        **study_values(arrival.header.dataset),
    )


def study_values(dataset: Dataset) -> dict[str, Any]:
    """Return what the index keeps of an object about its study, by column."""
    stated = demographics(dataset)
    accession, description = text(dataset, "AccessionNumber"), text(dataset, "StudyDescription")
    referring_physician = person_name_text(dataset, "ReferringPhysicianName")[:400]
    return {
        "patient_name": stated.name[:400],
        "patient_name_index": name_index(stated.name[:400]),
        "patient_identifier": stated.patient_id[:64],
        "birth_date": stated.birth_date,
        "sex": stated.sex[:16],
        "study_date": date_value(dataset, "StudyDate"),
        "study_time": time_value(dataset, "StudyTime"),
        "study_id": text(dataset, "StudyID")[:16],
        "accession_number": accession[:64],
        "description": description[:256],
        "referring_physician": referring_physician,
        "referring_physician_index": name_index(referring_physician),
        "institution": text(dataset, "InstitutionName")[:64],
        "timezone_offset": text(dataset, "TimezoneOffsetFromUTC")[:16],
        "search_text": f"{stated.name} {stated.name_display} {stated.patient_id} {accession} {description}".lower(),
    }


def new_series(arrival: Arrival, study: Study, now: datetime) -> Series:
    """Insert the series that a first object speaks of."""
    dataset = arrival.header.dataset
    series = Series.objects.create(
        study=study,
        series_instance_uid=arrival.header.series_instance_uid,
        changed_at=now,
        **series_values(dataset),
    )
    SeriesRequest.objects.bulk_create(series_requests(dataset, series))
    return series


def series_values(dataset: Dataset) -> dict[str, Any]:
    """Return what the index keeps of an object about its series, by column."""
    return {
        "modality": text(dataset, "Modality")[:16].upper(),
        "series_number": _integer(dataset, "SeriesNumber"),
        "description": text(dataset, "SeriesDescription")[:256],
        "body_part": text(dataset, "BodyPartExamined")[:64],
        "laterality": text(dataset, "Laterality")[:16],
        "protocol": text(dataset, "ProtocolName")[:64],
        "station": text(dataset, "StationName")[:64],
        "series_date": date_value(dataset, "SeriesDate"),
        "series_time": time_value(dataset, "SeriesTime"),
        "performed_step_date": date_value(dataset, "PerformedProcedureStepStartDate"),
        "performed_step_time": time_value(dataset, "PerformedProcedureStepStartTime"),
    }


def series_requests(dataset: Dataset, series: Series) -> list[SeriesRequest]:
    """Return what the series was made for, not yet inserted."""
    stated = [
        (text(item, "RequestedProcedureID"), text(item, "ScheduledProcedureStepID"), text(item, "AccessionNumber"))
        for item in sequence_items(dataset, "RequestAttributesSequence")
    ]
    return [
        SeriesRequest(
            series=series,
            requested_procedure_id=procedure[:64],
            scheduled_step_id=step[:64],
            accession_number=order[:64],
        )
        for procedure, step, order in stated
        if procedure or step or order
    ]


def new_instance(arrival: Arrival, series: Series) -> Instance:
    """Return the row of one object, not yet inserted."""
    header, dataset = arrival.header, arrival.header.dataset
    rows, columns = _natural(dataset, "Rows"), _natural(dataset, "Columns")
    return Instance(
        series=series,
        sop_instance_uid=header.sop_instance_uid,
        sop_class_uid=header.sop_class_uid,
        transfer_syntax_uid=header.transfer_syntax_uid,
        instance_number=_integer(dataset, "InstanceNumber"),
        rows=rows,
        columns=columns,
        samples_per_pixel=_natural(dataset, "SamplesPerPixel"),
        bits_allocated=_natural(dataset, "BitsAllocated"),
        number_of_frames=(_natural(dataset, "NumberOfFrames") or 1) if rows and columns else 0,
        path=arrival.place or place_of(arrival),
        file_size=header.file_size,
        data_set_offset=header.data_set_offset,
        pixel_data_offset=header.pixel_data_offset,
        pixel_data_length=header.pixel_data_length,
        sha256=arrival.sha256,
        reception=arrival.reception,
        received_at=arrival.received_at,
    )


def _integer(dataset: object, keyword: str) -> int | None:
    number = whole_number(dataset, keyword)  # type: ignore[arg-type]
    return number if number is not None and abs(number) <= LARGEST_INTEGER else None


def _natural(dataset: object, keyword: str) -> int | None:
    number = _integer(dataset, keyword)
    return number if number is not None and number >= 0 else None
