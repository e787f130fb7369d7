"""Measurement reports made of a study's annotations, stored in the study, and taken over from it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate
from noctis.archive.authored import put_into_archive
from noctis.archive.header import UNREADABLE, NotStorable, header_of
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.overlays import overlay_of
from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from noctis.viewer import annotation_actions
from noctis.viewer.annotation_actions import Conflict, NotAllowed, Refused
from noctis.viewer.models import Annotation
from noctis.viewer.structured_reports.images import StudyImages
from noctis.viewer.structured_reports.reading import Measurement, NotUnderstood, read_report
from noctis.viewer.structured_reports.writing import NothingToWrite, report_of

REPORT_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.88."  # how the classes of structured reports begin (PS3.4 B.5)
GEOMETRY: Final = ("tool", "sopInstanceUid", "frameNumber", "points", "contour", "textAt", "text")


class NoReport(Refused):
    """What was given is no report that this study can take over; the text says why."""


@dataclass(frozen=True)
class Written:
    """A report as it was made, and how many annotations are not in it."""

    report: Dataset
    left_out: int


@dataclass
class Imported:
    """What became of a report's measurements."""

    taken_over: int = 0
    already_there: int = 0
    kept_as_changed: list[str] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)


def export(study: Study, *, acting_user: User, address: str | None) -> tuple[Written, bytes]:
    """Return a study's annotations as a DICOM file. Raises Refused where there is nothing to export."""
    written = _written(study, acting_user)
    if overlay := overlay_of(study.pk):
        apply_overlay(written.report, overlay)
    _record(Action.MEASUREMENT_REPORT_EXPORTED, study, acting_user, address, str(written.report.SOPInstanceUID))
    return written, _part10(written.report)


def save_into_study(study: Study, *, acting_user: User, address: str | None) -> Written:
    """Store a study's annotations as a report of the study. Raises Refused, or OSError where the disk refuses."""
    require_permission(acting_user)
    written = _written(study, acting_user)
    put_into_archive(written.report, study, acting_user=acting_user, address=address)
    _record(Action.MEASUREMENT_REPORT_SAVED, study, acting_user, address, str(written.report.SOPInstanceUID))
    return written


def take_over(study: Study, report: Dataset, *, acting_user: User, address: str | None) -> Imported:
    """Make annotations of the user of a report's measurements, all or none. Raises Refused.

    What is there already, and what was changed since, stays as it is.
    """
    require_permission(acting_user)
    if str(report.get("StudyInstanceUID", "")) != study.study_instance_uid:
        raise NoReport("The report belongs to another study. Open that study and import it there.")
    try:
        reading = read_report(report, StudyImages(study))
    except UNREADABLE as error:
        raise NoReport("The report is damaged: its content cannot be read.") from error
    if not reading.measurements and not reading.not_understood:
        raise NoReport("The report holds no measurements (DICOM SR, TID 1500).")
    imported = Imported(not_understood=reading.not_understood)
    uid = str(report.get("SOPInstanceUID", ""))
    try:
        with transaction.atomic():
            for measurement in reading.measurements:
                _take_over_one(study, measurement, imported, acting_user)
            _record(Action.MEASUREMENT_REPORT_IMPORTED, study, acting_user, address, uid, imported.taken_over)
    except Conflict as conflict:
        raise NoReport("Somebody else changed the same measurements just now. Import again.") from conflict
    return imported


def parsed(content: bytes) -> Dataset:
    """Return the data set of an uploaded file. Raises NoReport."""
    try:
        with TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            # Refuses what pydicom would unfold without end.
            sop_class_uid = header_of(file).sop_class_uid
        if not sop_class_uid.startswith(REPORT_CLASSES):
            raise NoReport("The file is no structured report. Choose a DICOM SR with measurements.")
        return dcmread(io.BytesIO(content))
    except (NotStorable, *UNREADABLE) as error:
        raise NoReport("The file is no DICOM file. Choose a structured report (.dcm).") from error


def _written(study: Study, user: User) -> Written:
    annotations = Annotation.objects.visible_to(user).filter(study=study, is_removed=False).select_related("author")
    try:
        report, left_out = report_of(list(annotations), StudyImages(study), acting_user=user)
    except NothingToWrite as error:
        raise NoReport("The study has no measurements yet.") from error
    return Written(report, left_out)


def _part10(report: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    report.file_meta = meta
    file = io.BytesIO()
    report.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _take_over_one(study: Study, measurement: Measurement, imported: Imported, user: User) -> None:
    uid, present = _free_or_own(study, measurement.uid, user)
    if present is not None:
        if _says_the_same(present.content, measurement.content):
            imported.already_there += 1
        else:
            imported.kept_as_changed.append(measurement.content["text"] or measurement.content["tool"])
        return
    annotation = annotation_actions.save(study, uid, measurement.content, 0, acting_user=user)
    Annotation.objects.filter(pk=annotation.pk).update(origin=measurement.origin)
    imported.taken_over += 1


def _free_or_own(study: Study, uid: UUID, user: User) -> tuple[UUID, Annotation | None]:
    """Return the identifier to import under, and the annotation that is there already, if one is.

    One that another user removed, or that belongs to another study, is left alone: the import gets one of its own,
    which is always the same.
    """
    for candidate in (uid, uuid5(uid, f"{study.study_instance_uid} {user.pk}")):
        found = Annotation.objects.filter(uid=candidate).first()
        if found is None:
            return candidate, None
        if found.study_id == study.pk and not found.is_removed:
            return candidate, found
        if found.study_id == study.pk and found.author_id == user.pk:
            return candidate, None
    raise NoReport("The measurements of this report belong to another study.")


def _says_the_same(present: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(present.get(name) == other.get(name) for name in GEOMETRY)


def require_permission(user: User) -> None:
    """Raise NotAllowed for who may look only."""
    if not may_annotate(user):
        raise NotAllowed("Your role may look at measurements, not make them.")


def _record(
    action: Action, study: Study, user: User, address: str | None, report: str, measurements: int | None = None
) -> None:
    detail: dict[str, Any] = {} if measurements is None else {"measurements": measurements}
    record(
        action,
        acting_user=user,
        address=address,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        report=report,
        **detail,
    )
