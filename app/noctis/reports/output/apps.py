"""The app of what leaves the house of a report: paper, DICOM objects, HL7 messages."""

from __future__ import annotations

from django.apps import AppConfig

from noctis.network import outgoing


class ReportOutputConfig(AppConfig):
    """Letterheads, signed reports as files, and their delivery."""

    name = "noctis.reports.output"
    label = "report_output"
    verbose_name = "Report output"

    def ready(self) -> None:
        """Queue what is made of each report, and let the process for outgoing work do it."""
        from noctis.reports.output import checks as _checks  # noqa: F401  (registers them)
        from noctis.reports.output.courier import ReportCourier  # models are loaded only now
        from noctis.reports.output.listeners import queue_output
        from noctis.reports.signals import report_changed

        report_changed.connect(queue_output, dispatch_uid="report_output")
        outgoing.register(ReportCourier())
