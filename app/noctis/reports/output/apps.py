"""The app of what leaves the house of a report: paper, DICOM objects, HL7 messages."""

from __future__ import annotations

from django.apps import AppConfig


class ReportOutputConfig(AppConfig):
    """Letterheads, signed reports as files, and their delivery."""

    name = "noctis.reports.output"
    label = "report_output"
    verbose_name = "Report output"
