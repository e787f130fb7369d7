"""Editions: made when a report is released, signed or added to, each with one file that never changes.

``current_edition`` and ``file_of`` are what other parts of Noctis ask for when they hand a report out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from noctis.accounts.models import User
from noctis.attachments.file_area import keep, place_of, receiving
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.models import Report, ReportState
from noctis.reports.output.codes import new_code
from noctis.reports.output.document import edition_pdf
from noctis.reports.output.models import Edition

LARGEST_PDF: Final = 500_000_000


@dataclass(frozen=True)
class EditionFile:
    """The PDF/A file of an edition."""

    path: Path
    size: int
    sha256: str
    name: str


@dataclass(frozen=True)
class _Written:
    """Who wrote what an edition says last, and when."""

    state: ReportState
    author: User
    at: datetime


def current_edition(report: Report) -> Edition | None:
    """Return what the report says now as an edition, made if there is none yet; None for a mere draft."""
    if report.state == ReportState.DRAFT:
        return None
    addendum = report.addenda.count()
    present = Edition.objects.filter(report=report, version=report.version, addendum=addendum).first()
    return present or _make(report, addendum)


def file_of(edition: Edition) -> EditionFile:
    """Return the edition's file, made if that has not happened yet. Raises PdfUnavailable or OSError.

    Never within a transaction: making it takes seconds.
    """
    if not edition.pdf_sha256:
        _make_file(edition)
    return EditionFile(place_of(edition.pdf_sha256), edition.pdf_size or 0, edition.pdf_sha256, edition.file_name)


@transaction.atomic
def _make(report: Report, addendum: int) -> Edition:
    """Make an edition; where another process was first, that one counts."""
    written = _written(report, addendum)
    edition, _ = Edition.objects.get_or_create(
        report=report,
        version=report.version,
        addendum=addendum,
        defaults={
            "state": written.state,
            "code": new_code(),
            "facility": report.study.facility,
            "author": written.author,
            "author_name": str(written.author),
            "written_at": written.at,
        },
    )
    return edition


def _written(report: Report, addendum: int) -> _Written:
    if addendum:
        last = report.addenda.select_related("author").get(number=addendum)
        return _Written(ReportState.ADDENDED, last.author, last.signed_at)
    if report.signed_by and report.signed_at:
        return _Written(ReportState.FINAL, report.signed_by, report.signed_at)
    return _Written(ReportState.PRELIMINARY, report.author, report.versions.get(number=report.version).made_at)


def _make_file(edition: Edition) -> None:
    """Make the file and write down which it is; of two that were made at once, the first counts."""
    with receiving([edition_pdf(edition)], LARGEST_PDF) as received:
        keep(received)
    study = edition.report.study
    with transaction.atomic():
        unmade = Edition.objects.filter(pk=edition.pk, pdf_sha256="")
        if unmade.update(pdf_sha256=received.sha256, pdf_size=received.size):
            record(
                Action.REPORT_FILE_MADE,
                facility=edition.facility,
                study_instance_uid=study.study_instance_uid,
                version=edition.version,
                addenda=edition.addendum,
                sha256=received.sha256,
                size=received.size,
            )
    edition.refresh_from_db(fields=["pdf_sha256", "pdf_size"])
