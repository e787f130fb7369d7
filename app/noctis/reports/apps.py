"""The app of radiology reports."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from noctis.corrections.signals import plan_made
from noctis.reports.final_words import keep_final_words


class ReportsConfig(AppConfig):
    """Reports on studies: written, signed, added to."""

    name = "noctis.reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Have the database guard what was signed, and whoever corrects a study know of its report."""
        post_migrate.connect(keep_final_words, sender=self, dispatch_uid="reports.keep_final_words")
        from noctis.reports.corrected_studies import warn_of_reports  # models are loaded only now

        plan_made.connect(warn_of_reports, dispatch_uid="reports.warn_of_reports")
