"""The app of radiology reports."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports on studies: written, signed, added to."""

    name = "noctis.reports"
    verbose_name = "Reports"
