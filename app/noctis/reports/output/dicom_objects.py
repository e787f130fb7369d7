"""Editions as DICOM objects of their study: Encapsulated PDF (PS3.3 A.45.1) and Basic Text SR (PS3.3 A.35.1).

An edition makes the same object each time: its UIDs come from its code, its times are those of the edition. So an
object that was stored before a crash, and that nobody knows to be stored, is no other one when it is stored again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils import timezone
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from noctis.archive.authored import begin_object, person_name_of, put_into_archive
from noctis.archive.models import Instance
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.content import images_of
from noctis.reports.models import SIGNED_STATES
from noctis.reports.output.codes_of_content import DIAGNOSTIC_IMAGING_REPORT
from noctis.reports.output.editions import file_of
from noctis.reports.output.models import DeliveryKind, DeliveryState, Edition
from noctis.reports.output.text_sr import coded, fill_text_sr

ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"
BASIC_TEXT_SR: Final = "1.2.840.10008.5.1.4.1.1.88.11"
TITLE: Final = "Radiology report"
MOST_SOURCES: Final = 500
SOP_CLASSES: Final = {DeliveryKind.ENCAPSULATED_PDF: ENCAPSULATED_PDF, DeliveryKind.TEXT_SR: BASIC_TEXT_SR}
MODALITIES: Final = {DeliveryKind.ENCAPSULATED_PDF: "DOC", DeliveryKind.TEXT_SR: "SR"}
# After the series of any device; what else is made here counts on from the highest number.
SERIES_NUMBERS: Final = {DeliveryKind.ENCAPSULATED_PDF: 9901, DeliveryKind.TEXT_SR: 9902}


class NothingToStandBeside(Exception):
    """The study has no object that says whose it is."""


def store(edition: Edition, kind: DeliveryKind) -> None:
    """Put an edition into its study, unless it is there. Never within a transaction.

    Raises NothingToStandBeside, PdfUnavailable, or OSError where the disk refuses.
    """
    study = edition.report.study
    uid = instance_uid(edition, kind)
    if Instance.objects.filter(series__study=study, sop_instance_uid=uid).exists():
        return
    made = encapsulated_pdf(edition) if kind == DeliveryKind.ENCAPSULATED_PDF else text_sr(edition)
    put_into_archive(made, study, acting_user=edition.author, address=None)
    record(
        Action.REPORT_DELIVERED,
        acting_user=edition.author,
        facility=study.facility,
        study_instance_uid=study.study_instance_uid,
        sop_instance_uid=uid,
        kind=kind.value,
    )


def encapsulated_pdf(edition: Edition) -> Dataset:
    """Return the edition's PDF file as an object (PS3.3 C.24)."""
    made = _begin(edition, DeliveryKind.ENCAPSULATED_PDF)
    pdf = file_of(edition).path.read_bytes()
    made.ConversionType = "WSD"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = TITLE if not edition.addendum else f"{TITLE} with addendum {edition.addendum}"
    made.ConceptNameCodeSequence = coded(DIAGNOSTIC_IMAGING_REPORT)
    made.VerificationFlag = "VERIFIED"
    if sources := _key_images(edition):
        made.SourceInstanceSequence = DicomSequence(_reference(one) for one in sources[:MOST_SOURCES])
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return made


def text_sr(edition: Edition) -> Dataset:
    """Return the edition's words as an object (PS3.16 TID 2000)."""
    made = _begin(edition, DeliveryKind.TEXT_SR)
    made.ReferencedPerformedProcedureStepSequence = DicomSequence()
    made.PerformedProcedureCodeSequence = DicomSequence()
    made.PreliminaryFlag, made.CompletionFlag, made.VerificationFlag = "FINAL", "COMPLETE", "VERIFIED"
    made.VerifyingObserverSequence = DicomSequence(_observers(edition))
    images = _key_images(edition)
    if images:
        made.CurrentRequestedProcedureEvidenceSequence = DicomSequence([_evidence(images)])
    fill_text_sr(made, edition, {image.sop_instance_uid: image for image in images})
    return made


def instance_uid(edition: Edition, kind: DeliveryKind) -> UID:
    """Return the SOP Instance UID of an edition as ``kind``: 2.25 and a UUID (PS3.5 B.2) that its code gives."""
    return _uid(f"{edition.code}/{kind.value}")


def _begin(edition: Edition, kind: DeliveryKind) -> Dataset:
    """Return patient, study, series and what both kinds say of the document."""
    study = edition.report.study
    ours = study.series.filter(modality__in=MODALITIES.values(), series_number__in=SERIES_NUMBERS.values())
    beside = Instance.objects.filter(series__study=study).exclude(series__in=ours).select_related("series__study")
    first = beside.order_by("pk").first()
    if first is None:
        raise NothingToStandBeside("The study has no images yet: the report is stored beside them.")
    made = begin_object(first, SOP_CLASSES[kind], MODALITIES[kind], "Radiology reports")
    made.SOPInstanceUID = instance_uid(edition, kind)
    made.SeriesInstanceUID = _series_uid(edition, kind)
    made.SeriesNumber = SERIES_NUMBERS[kind]
    made.InstanceNumber = edition.addendum + 1
    made.ManufacturerModelName = "Noctis reports"
    made.InstanceCreationDate, made.InstanceCreationTime = _date_and_time(edition.created_at)
    made.ContentDate, made.ContentTime = _date_and_time(edition.written_at)
    if before := _before(edition, kind):
        made.PredecessorDocumentsSequence = DicomSequence([_predecessor(before, kind)])
    return made


def _series_uid(edition: Edition, kind: DeliveryKind) -> UID:
    first = Edition.objects.filter(report=edition.report, state__in=SIGNED_STATES).order_by("pk").first() or edition
    return _uid(f"{first.code}/{kind.value}/series")


def _before(edition: Edition, kind: DeliveryKind) -> Edition | None:
    """Return the edition that this one follows in the study."""
    gone = (DeliveryState.FAILED, DeliveryState.CANCELLED)
    stored = Edition.objects.filter(deliveries__kind=kind, addendum__lt=edition.addendum, report=edition.report)
    return stored.exclude(deliveries__kind=kind, deliveries__state__in=gone).order_by("addendum").last()


def _predecessor(before: Edition, kind: DeliveryKind) -> Dataset:
    reference = _item(ReferencedSOPClassUID=SOP_CLASSES[kind], ReferencedSOPInstanceUID=instance_uid(before, kind))
    series = _item(SeriesInstanceUID=_series_uid(before, kind), ReferencedSOPSequence=DicomSequence([reference]))
    return _item(
        StudyInstanceUID=before.report.study.study_instance_uid, ReferencedSeriesSequence=DicomSequence([series])
    )


def _observers(edition: Edition) -> list[Dataset]:
    """Return everybody who signed a part of the edition, the first signer first."""
    report = edition.report
    signatures = [(report.signed_by, report.signed_at)]
    addenda = report.addenda.filter(number__lte=edition.addendum).select_related("author")
    signatures += [(addendum.author, addendum.signed_at) for addendum in addenda]
    return [
        _item(
            VerifyingOrganization=edition.facility.name[:64],
            VerificationDateTime=timezone.localtime(at).strftime("%Y%m%d%H%M%S%z"),
            VerifyingObserverName=person_name_of(user),
            VerifyingObserverIdentificationCodeSequence=DicomSequence(),
        )
        for user, at in signatures
        if user is not None and at is not None
    ]


def _key_images(edition: Edition) -> list[Instance]:
    """Return the instances that the edition shows, each once."""
    content = edition.report.versions.get(number=edition.version).content
    addenda = edition.report.addenda.filter(number__lte=edition.addendum)
    documents = [*content.values(), *(addendum.document for addendum in addenda)]
    uids = {image["instance"] for image in images_of(documents)}
    found = Instance.objects.filter(series__study=edition.report.study, sop_instance_uid__in=uids)
    return list(found.select_related("series__study").order_by("series_id", "pk"))


def _evidence(images: Sequence[Instance]) -> Dataset:
    series: dict[str, list[Dataset]] = {}
    for image in images:
        series.setdefault(image.series.series_instance_uid, []).append(_reference(image))
    listed = [
        _item(SeriesInstanceUID=uid, ReferencedSOPSequence=DicomSequence(references))
        for uid, references in series.items()
    ]
    study_uid = images[0].series.study.study_instance_uid
    return _item(StudyInstanceUID=study_uid, ReferencedSeriesSequence=DicomSequence(listed))


def _reference(image: Instance) -> Dataset:
    return _item(ReferencedSOPClassUID=image.sop_class_uid, ReferencedSOPInstanceUID=image.sop_instance_uid)


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _date_and_time(moment: datetime) -> tuple[str, str]:
    local = timezone.localtime(moment)
    return local.strftime("%Y%m%d"), local.strftime("%H%M%S")


def _uid(name: str) -> UID:
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}")
