"""Objects without an image: a structured report (PS3.3 A.35.1) and an encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage, CTImageStorage, EncapsulatedPDFStorage

from tests.data.phantoms import CT_STUDY, THORAX, SyntheticSeries, ct_series, new_instance
from tests.data.specimen import Specimen

FINDING = "No finding: these lungs are made of ellipsoids."


def documents() -> Iterator[Specimen]:
    """Yield both, as part of the CT study."""
    yield Specimen("structured-report", structured_report())
    yield Specimen("encapsulated-pdf", encapsulated_pdf())


def structured_report() -> Dataset:
    """Return a Basic Text SR with one finding about the first CT slice."""
    series = SyntheticSeries(CT_STUDY, "SR", 90, "Report")
    dataset = new_instance(BasicTextSRStorage, series, 1)
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.PerformedProcedureCodeSequence = []
    dataset.CompletionFlag = "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence()]
    dataset.ValueType = "CONTAINER"
    dataset.ContinuityOfContent = "SEPARATE"
    dataset.ConceptNameCodeSequence = [_code("18748-4", "LN", "Diagnostic imaging report")]
    finding = Dataset()
    finding.RelationshipType = "CONTAINS"
    finding.ValueType = "TEXT"
    finding.ConceptNameCodeSequence = [_code("121071", "DCM", "Finding")]
    finding.TextValue = FINDING
    dataset.ContentSequence = [finding]
    return dataset


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _evidence() -> Dataset:
    image = next(ct_series(THORAX))
    reference, series, study = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID = CTImageStorage
    reference.ReferencedSOPInstanceUID = image.SOPInstanceUID
    series.SeriesInstanceUID = image.SeriesInstanceUID
    series.ReferencedSOPSequence = [reference]
    study.StudyInstanceUID = image.StudyInstanceUID
    study.ReferencedSeriesSequence = [series]
    return study


def encapsulated_pdf() -> Dataset:
    """Return an Encapsulated PDF of one page."""
    series = SyntheticSeries(CT_STUDY, "DOC", 91, "Letter")
    dataset = new_instance(EncapsulatedPDFStorage, series, 1)
    dataset.ConversionType = "WSD"
    dataset.BurnedInAnnotation = "YES"
    dataset.AcquisitionDateTime = CT_STUDY.date + CT_STUDY.time
    dataset.DocumentTitle = "Letter"
    dataset.ConceptNameCodeSequence = [_code("18748-4", "LN", "Diagnostic imaging report")]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document = one_page_pdf("Synthetic letter")
    dataset.EncapsulatedDocumentLength = len(document)
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return dataset


def one_page_pdf(text: str) -> bytes:
    """Return a PDF that shows ``text``, with a correct cross-reference table."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    fonts = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    result, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(result))
        result += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(result))
    return result + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer
