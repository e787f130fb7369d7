"""Steps to schedule, identifiers to ask with and reports of modalities, for the tests."""

from __future__ import annotations

from datetime import date, time
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from noctis.accounts.models import Facility
from noctis.modality_worklist.actions import Origin, schedule_step
from noctis.modality_worklist.models import ScheduledProcedureStep, Source
from noctis.modality_worklist.particulars import StepParticulars

STUDY = "1.2.826.0.1.3680043.10.1561.7"
WEB = Origin(Source.WEB)
STEP_KEYS = {
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepStatus",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepLocation",
    "ScheduledProtocolCodeSequence",
}


def facility(code: str = "NORTH") -> Facility:
    """Return the facility ``code``."""
    return Facility.objects.get_or_create(code=code, defaults={"name": code.title()})[0]


def particulars(**changes: Any) -> StepParticulars:
    """Return a CT of the thorax at half past eight."""
    values: dict[str, Any] = {
        "patient_identifier": "P1",
        "patient_name": "Phantom^Ada",
        "modality": "CT",
        "start_date": date(2026, 7, 6),
        "start_time": time(8, 30),
        "station_ae_titles": ("CT1",),
        "accession_number": "A1",
        "procedure_description": "CT thorax",
    }
    return StepParticulars(**{**values, **changes})


def scheduled(code: str = "NORTH", **changes: Any) -> ScheduledProcedureStep:
    """Schedule a step."""
    return schedule_step(facility(code), particulars(**changes), origin=WEB)


def identifier(**keys: Any) -> Dataset:
    """Return a query; keys of the step go into its sequence, and everything usual is asked for."""
    query, inner = Dataset(), Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    usual = {"PatientName": "", "PatientID": "", "StudyInstanceUID": "", "AccessionNumber": ""}
    for keyword, value in {**usual, "Modality": "", **keys}.items():
        setattr(inner if keyword in STEP_KEYS else query, keyword, value)
    query.ScheduledProcedureStepSequence = Sequence([inner])
    return as_received(query)


def as_received(dataset: Dataset, wrong: tuple[bytes, bytes] = (b"", b"")) -> Dataset:
    """Return ``dataset`` as a peer would send it in implicit VR: undecoded, some bytes replaced by wrong ones."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, dataset)
    content = buffer.getvalue().replace(*wrong) if wrong[0] else buffer.getvalue()
    return read_dataset(BytesIO(content), True, True)


def report(step: ScheduledProcedureStep | None = None, **changes: Any) -> Dataset:
    """Return the report with which a modality begins ``step``, or something unscheduled."""
    begun, reference = Dataset(), Dataset()
    reference.StudyInstanceUID = step.study_instance_uid if step else STUDY
    reference.ScheduledProcedureStepID = step.step_id if step else ""
    reference.AccessionNumber = step.accession_number if step else ""
    begun.SpecificCharacterSet = "ISO_IR 192"
    begun.ScheduledStepAttributesSequence = Sequence([reference])
    begun.PatientName, begun.PatientID = "Phantom^Ada", "P1"
    begun.PerformedProcedureStepID = "PPS1"
    begun.PerformedStationAETitle = "CT1"
    begun.PerformedProcedureStepStartDate = "20260706"
    begun.PerformedProcedureStepStartTime = "084500"
    begun.PerformedProcedureStepStatus = "IN PROGRESS"
    begun.Modality = "CT"
    begun.PerformedSeriesSequence = Sequence([])
    for keyword, value in changes.items():
        setattr(begun, keyword, value)
    return as_received(begun)


def final(status: str = "COMPLETED", *, images: int = 2, **changes: Any) -> Dataset:
    """Return what a modality sets at the end: one series of ``images`` images."""
    ended, series = Dataset(), Dataset()
    ended.PerformedProcedureStepStatus = status
    ended.PerformedProcedureStepEndDate = "20260706"
    ended.PerformedProcedureStepEndTime = "090000"
    series.SeriesInstanceUID = f"{STUDY}.1"
    series.ProtocolName = "Thorax"
    series.OperatorsName = "Muster^Änne"
    series.ReferencedImageSequence = Sequence([image(number) for number in range(1, images + 1)])
    ended.SpecificCharacterSet = "ISO_IR 100"
    ended.PerformedSeriesSequence = Sequence([series])
    for keyword, value in changes.items():
        setattr(ended, keyword, value)
    return as_received(ended)


def image(number: int) -> Dataset:
    """Return a reference to an image."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    reference.ReferencedSOPInstanceUID = f"{STUDY}.1.{number}"
    return reference


def worklist_file(path: Path, **changes: object) -> Path:
    """Write a worklist file as pydicom would."""
    item, step = Dataset(), Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.PatientName, item.PatientID = "Phantom^Ada", "P1"
    item.StudyInstanceUID, item.RequestedProcedureID, item.AccessionNumber = STUDY, "R1", "A1"
    step.ScheduledProcedureStepID, step.Modality = "S1", "CT"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260706", "0830"
    step.ScheduledStationAETitle = "CT1"
    for keyword, value in changes.items():
        setattr(step if keyword.startswith("Scheduled") or keyword == "Modality" else item, keyword, value)
    item.ScheduledProcedureStepSequence = Sequence([step])
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(exist_ok=True)
    (path.parent / "lockfile").touch()
    item.save_as(path, implicit_vr=False, little_endian=True)
    return path
