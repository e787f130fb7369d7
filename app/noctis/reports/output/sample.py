"""A report on nobody, for the preview of a letterhead: long enough for a second page."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from noctis.accounts.models import Facility
from noctis.reports.models import ReportState
from noctis.reports.output.document import Document, Patient, Signature

CODE: Final = "0" * 16
_WRITTEN: Final = datetime(2026, 1, 5, 9, 30, tzinfo=timezone.utc)
_FINDINGS: Final = (
    "Liver, spleen, pancreas and adrenal glands are of normal size and attenuation, without a focal lesion.",
    "Both kidneys enhance symmetrically. No stone, no dilatation of the collecting system.",
    "The bowel is of normal calibre. No free fluid and no free air.",
    "No enlarged lymph nodes. The large vessels are patent and of normal width.",
    "The bones in the field of view show age-appropriate degenerative changes, no suspicious lesion.",
)
_TIMES: Final = 5  # so many, that a second page begins


def sample_document(facility: Facility) -> Document:
    """Return a report as ``facility`` would print it."""
    facts = (
        ("Patient ID", "SAMPLE-1"),
        ("Born", date(1970, 2, 3).isoformat()),
        ("Study", "CT abdomen and pelvis"),
        ("Modality", "CT"),
        ("Performed", "2026-01-05 08:55"),
        ("Accession number", "A-0001"),
    )
    return Document(
        facility_name=facility.name,
        patient=Patient("Sample, Patient (見本)", "SAMPLE-1", facts),
        state=ReportState.FINAL,
        sections=(
            ("Clinical question", _paragraphs("Abdominal pain. Appendicitis?")),
            ("Technique", _paragraphs("CT of abdomen and pelvis, portal venous phase, 2 mm.")),
            ("Findings", _paragraphs(*_FINDINGS * _TIMES)),
            ("Impression", _list("No sign of appendicitis.", "No acute finding.")),
        ),
        signature=Signature("Dr. Sample Reader", _WRITTEN),
        code=CODE,
    )


def _paragraphs(*texts: str) -> SafeString:
    return format_html_join("", "<p>{}</p>", ((text,) for text in texts))


def _list(*texts: str) -> SafeString:
    return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", ((text,) for text in texts)))
