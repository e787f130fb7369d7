"""Structured reports with what a reader meets in them: findings, measurements, dose, key images, hostile content."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    Comprehensive3DSRStorage,
    CTImageStorage,
    EnhancedSRStorage,
    KeyObjectSelectionDocumentStorage,
    XRayRadiationDoseSRStorage,
)

from tests.data.documents import encapsulated_pdf
from tests.data.phantoms import SyntheticSeries, SyntheticStudy, new_instance

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content_item(kind: str, name: tuple[str, str], *children: Dataset, relationship: str = "CONTAINS") -> Dataset:
    """Return a content item; ``name`` is code value and meaning in DCM."""
    item = Dataset()
    item.RelationshipType, item.ValueType = relationship, kind
    item.ConceptNameCodeSequence = Sequence([code(name[0], "DCM", name[1])])
    if kind == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    if children:
        item.ContentSequence = Sequence(children)
    return item


def text_item(name: tuple[str, str], value: str) -> Dataset:
    """Return an item with free text."""
    item = content_item("TEXT", name)
    item.TextValue = value
    return item


def code_item(name: tuple[str, str], meaning: str) -> Dataset:
    """Return an item with a coded value."""
    item = content_item("CODE", name)
    item.ConceptCodeSequence = Sequence([code("T-1", "SRT", meaning)])
    return item


def number_item(name: tuple[str, str], value: str, unit: str, *children: Dataset) -> Dataset:
    """Return a measurement; ``unit`` is UCUM."""
    item, measured = content_item("NUM", name, *children), Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = Sequence([code(unit, "UCUM", unit)])
    item.MeasuredValueSequence = Sequence([measured])
    return item


def image_item(image: Dataset, *, relationship: str = "CONTAINS") -> Dataset:
    """Return a reference to an image."""
    item, reference = content_item("IMAGE", ("121112", "Source of Measurement"), relationship=relationship), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    item.ReferencedSOPSequence = Sequence([reference])
    return item


def evidence(images: Iterable[Dataset]) -> Sequence:
    """Return the evidence sequence for images of one series."""
    references, study, series = [], Dataset(), Dataset()
    for image in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, image.SOPInstanceUID
        references.append(reference)
        study.StudyInstanceUID, series.SeriesInstanceUID = image.StudyInstanceUID, image.SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence(references)
    study.ReferencedSeriesSequence = Sequence([series])
    return Sequence([study])


def _report(study: SyntheticStudy, sop_class: str, number: int, title: tuple[str, str], *items: Dataset) -> Dataset:
    modality = "KO" if sop_class == KeyObjectSelectionDocumentStorage else "SR"
    dataset = new_instance(sop_class, SyntheticSeries(study, modality, 70 + number, title[1]), 1)
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = Sequence([code(title[0], "DCM", title[1])])
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "VERIFIED"
    dataset.ContentSequence = Sequence(items)
    return dataset


def measurement_report(study: SyntheticStudy, image: Dataset) -> Dataset:
    """Return a verified report with a measured lesion on ``image`` and text that tries to be markup."""
    outline = content_item("SCOORD", ("111030", "Image Region"), image_item(image, relationship="SELECTED FROM"))
    outline.RelationshipType, outline.GraphicType, outline.GraphicData = "INFERRED FROM", "POLYLINE", [1.0, 1.0, 9, 9]
    observer = content_item("PNAME", ("121008", "Person Observer Name"), relationship="HAS OBS CONTEXT")
    observer.PersonName = "Reader^Rosa^^Dr."
    dataset = _report(
        study,
        Comprehensive3DSRStorage,
        1,
        ("126000", "Imaging Measurement Report"),
        observer,
        content_item(
            "CONTAINER",
            ("126010", "Imaging Measurements"),
            content_item(
                "CONTAINER",
                ("125007", "Measurement Group"),
                text_item(("112039", "Tracking Identifier"), "Lesion 1"),
                code_item(("121071", "Finding"), "Nodule"),
                number_item(("410668003", "Length"), "12.5", "mm", outline),
                number_item(("112031", "Attenuation Coefficient"), "-42", "[hnsf'U]"),
                image_item(image),
            ),
        ),
        content_item("CONTAINER", ("121076", "Conclusions"), text_item(("121077", "Conclusion"), HOSTILE)),
    )
    dataset.CurrentRequestedProcedureEvidenceSequence = evidence([image])
    verifier = Dataset()
    verifier.VerifyingObserverName, verifier.VerifyingOrganization = "Reader^Rosa", "Synthetic Hospital"
    verifier.VerificationDateTime = f"{study.date}{study.time}"
    verifier.VerifyingObserverIdentificationCodeSequence = Sequence()
    dataset.VerifyingObserverSequence = Sequence([verifier])
    return dataset


def dose_report(study: SyntheticStudy) -> Dataset:
    """Return a CT dose report with two exposures (PS3.16 TID 10011)."""
    events = [
        content_item(
            "CONTAINER",
            ("113819", "CT Acquisition"),
            text_item(("125203", "Acquisition Protocol"), protocol),
            code_item(("123014", "Target Region"), region),
            content_item(
                "CONTAINER",
                ("113829", "CT Dose"),
                number_item(("113830", "Mean CTDIvol"), dose, "mGy"),
                number_item(("113838", "DLP"), product, "mGy.cm"),
            ),
        )
        for protocol, region, dose, product in (
            ("Thorax routine", "Chest", "4.21", "152.3"),
            ("Abdomen venous", "Abdomen", "6.05", "301.8"),
        )
    ]
    total = content_item(
        "CONTAINER",
        ("113811", "CT Accumulated Dose Data"),
        number_item(("113812", "Total Number of Irradiation Events"), "2", "{events}"),
        number_item(("113813", "CT Dose Length Product Total"), "454.1", "mGy.cm"),
    )
    return _report(study, XRayRadiationDoseSRStorage, 2, ("113701", "X-Ray Radiation Dose Report"), total, *events)


def key_objects(study: SyntheticStudy, images: Iterable[Dataset]) -> Dataset:
    """Return a key object selection with a remark."""
    chosen = list(images)
    dataset = _report(
        study,
        KeyObjectSelectionDocumentStorage,
        3,
        ("113000", "Of Interest"),
        text_item(("113012", "Key Object Description"), "Look at these"),
        *(image_item(image) for image in chosen),
    )
    del dataset.CompletionFlag, dataset.VerificationFlag
    dataset.CurrentRequestedProcedureEvidenceSequence = evidence(chosen)
    return dataset


def huge_report(study: SyntheticStudy, findings: int = 3000) -> Dataset:
    """Return a report with more items than are shown at once, nested as deep as the archive takes."""
    deep = text_item(("121071", "Finding"), "The deepest")
    for _ in range(20):
        deep = content_item("CONTAINER", ("121070", "Findings"), deep)
    many = [text_item(("121071", "Finding"), f"Finding number {number}") for number in range(1, findings + 1)]
    return _report(study, EnhancedSRStorage, 4, ("121070", "Findings"), deep, *many)


def clinical_document(study: SyntheticStudy, text: str) -> Dataset:
    """Return an encapsulated CDA whose only section holds ``text``."""
    dataset = encapsulated_pdf()
    fresh = new_instance("1.2.840.10008.5.1.4.1.1.104.2", SyntheticSeries(study, "DOC", 80, "Discharge"), 1)
    dataset.update(fresh)
    dataset.file_meta = fresh.file_meta
    content = (
        '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge letter</title><component>'
        f"<structuredBody><component><section><title>Course</title><text><paragraph>{text}</paragraph></text></section>"
        "</component></structuredBody></component></ClinicalDocument>"
    ).encode()
    dataset.DocumentTitle, dataset.MIMETypeOfEncapsulatedDocument = "Discharge letter", "text/XML"
    dataset.EncapsulatedDocumentLength = len(content)
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return dataset
