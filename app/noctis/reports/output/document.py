"""A report as it is printed: what stands on its pages, and the PDF file made of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from noctis.archive.models import Instance, Study
from noctis.archive.priors import ACCOMPANYING
from noctis.dicom.attributes import person_name_display
from noctis.dicomweb.errors import DicomwebError
from noctis.dicomweb.rendering import render_frame
from noctis.reports.content import SECTIONS, Node, as_html, is_empty
from noctis.reports.models import Addendum, ReportState
from noctis.reports.output.codes import grouped
from noctis.reports.output.letterheads import letterhead_of, logo_of
from noctis.reports.output.models import Edition, Letterhead
from noctis.reports.output.rendering import PICTURES, render_pdf

PICTURE_SIDE: Final = 1024
LOGO, QR_CODE = "logo", "qr"
WATERMARKS: Final = {
    ReportState.DRAFT: "Draft – not signed",
    ReportState.PRELIMINARY: "Preliminary – not signed",
}


@dataclass(frozen=True)
class Signature:
    """Who answers for words, and since when."""

    name: str
    at: datetime

    @property
    def when(self) -> str:
        """Date and time with their zone."""
        return with_zone(self.at)


@dataclass(frozen=True)
class Addition:
    """An addendum."""

    number: int
    html: SafeString
    signature: Signature


@dataclass(frozen=True)
class Patient:
    """The block that says whose study this is."""

    name: str
    identifier: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Document:
    """Everything that is printed, but for the letterhead."""

    facility_name: str
    patient: Patient
    state: ReportState
    sections: Sequence[tuple[str, SafeString]]
    additions: Sequence[Addition] = ()
    signature: Signature | None = None
    code: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def watermark(self) -> str:
        """What stands across the pages of a report that nobody signed."""
        return WATERMARKS.get(self.state, "")


def with_zone(moment: datetime) -> str:
    """Return date and time as they are printed, such as ``2026-11-22 10:31 CET (UTC+0100)``."""
    local = timezone.localtime(moment)
    zone = local.strftime("%Z")
    return local.strftime("%Y-%m-%d %H:%M ") + (zone if zone == "UTC" else f"{zone} (UTC{local:%z})")


def pdf_of(document: Document, letterhead: Letterhead, logo: bytes | None) -> bytes:
    """Return the PDF/A file. Raises PdfUnavailable."""
    pictures = dict(document.pictures)
    if logo is not None:
        pictures[LOGO] = logo
    if document.code:
        pictures[QR_CODE] = _qr_code(verification_address(document.code))
    context = {
        "document": document,
        "letterhead": letterhead,
        "logo": PICTURES + LOGO if logo is not None else "",
        "qr": PICTURES + QR_CODE if document.code else "",
        "printed_code": grouped(document.code),
        "verify": f"{settings.NOCTIS_BASE_URL}{reverse('verify')}",
    }
    return render_pdf(render_to_string("report_output/document.html", context), pictures)


def verification_address(code: str) -> str:
    """Return the address that confirms an edition."""
    return f"{settings.NOCTIS_BASE_URL}{reverse('verify')}?code={code}"


def document_of(edition: Edition) -> Document:
    """Return what an edition says."""
    report = edition.report
    content = report.versions.get(number=edition.version).content
    addenda = report.addenda.select_related("author").filter(number__lte=edition.addendum)
    drawn = compose(report.study, content, addenda)
    return Document(
        facility_name=edition.facility.name,
        state=ReportState(edition.state),
        signature=Signature(*_signer(edition)),
        code=edition.code,
        **drawn,
    )


def edition_pdf(edition: Edition) -> bytes:
    """Return the file of an edition, made anew with the letterhead of now. Raises PdfUnavailable or OSError."""
    letterhead = letterhead_of(edition.facility)
    return pdf_of(document_of(edition), letterhead, logo_of(letterhead))


def compose(study: Study, content: Mapping[str, Node], addenda: Iterable[Addendum]) -> dict[str, Any]:
    """Return patient, sections, additions and pictures of a report on ``study``."""
    images = _KeyImages(study)
    sections = [
        (title, as_html(content[key], images.address, images.caption))
        for key, title in SECTIONS.items()
        if not is_empty(content.get(key))
    ]
    additions = [
        Addition(
            addendum.number,
            as_html(addendum.document, images.address, images.caption),
            Signature(str(addendum.author), addendum.signed_at),
        )
        for addendum in addenda
    ]
    return {"patient": _patient(study), "sections": sections, "additions": additions, "pictures": images.pictures}


def _signer(edition: Edition) -> tuple[str, datetime]:
    """Return who signed the report itself; an edition with addenda was written later than that."""
    report = edition.report
    if edition.addendum and report.signed_by and report.signed_at:
        return str(report.signed_by), report.signed_at
    return edition.author_name, edition.written_at


def _patient(study: Study) -> Patient:
    born = study.birth_date.isoformat() if study.birth_date else ""
    when = study.study_date.isoformat() if study.study_date else ""
    if when and study.study_time:
        when += f" {study.study_time:%H:%M}" + (f" (UTC{study.timezone_offset})" if study.timezone_offset else "")
    facts = (
        ("Patient ID", study.patient_identifier),
        ("Born", born),
        ("Sex", study.sex),
        ("Study", study.description),
        ("Modality", ", ".join(name for name in study.modality_list if name not in ACCOMPANYING)),
        ("Performed", when),
        ("Accession number", study.accession_number),
        ("Referred by", person_name_display(study.referring_physician)),
    )
    return Patient(
        study.patient_display_name or "(no name)", study.patient_identifier, [fact for fact in facts if fact[1]]
    )


class _KeyImages:
    """The pictures of a report, drawn as they are named."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self.pictures: dict[str, bytes] = {}

    def address(self, image: Node) -> str:
        """Draw a key image in its window and return its address; one that cannot be drawn has none."""
        instance = self._instance(image)
        if instance is None:
            return ""
        window = None if image["center"] is None else (image["center"], image["width"])
        try:
            picture = render_frame(instance, image["frame"], PICTURE_SIDE, window, "PNG")
        except DicomwebError:
            return ""
        key = str(len(self.pictures) + 1)
        self.pictures[key] = picture
        return PICTURES + key

    def caption(self, image: Node) -> str:
        """Return which image of the study it is, and the window in which it is shown."""
        instance = self._instance(image)
        if instance is None:
            return "This image is no longer in the study."
        words = [f"Series {instance.series.series_number}" if instance.series.series_number is not None else ""]
        words.append(f"image {instance.instance_number}" if instance.instance_number is not None else "")
        words.append(f"frame {image['frame']}" if instance.number_of_frames > 1 else "")
        if image["center"] is not None:
            words.append(f"window centre {image['center']:g}, width {image['width']:g}")
        return ", ".join(word for word in words if word)

    def _instance(self, image: Node) -> Instance | None:
        found = Instance.objects.filter(series__study=self._study, sop_instance_uid=image["instance"])
        return found.select_related("series__study__facility").first()


def _qr_code(text: str) -> bytes:
    output = io.BytesIO()
    segno.make(text, error="m", micro=False).save(output, kind="png", scale=8, border=0)
    return output.getvalue()
