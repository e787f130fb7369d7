"""Registers the app."""

from django.apps import AppConfig

from noctis.dicom.privacy import keep_values_out_of_warnings


class ArchiveConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.archive"
    label = "archive"

    def ready(self) -> None:
        """Make pydicom discreet before the first data set is read."""
        keep_values_out_of_warnings()
