"""Registers the app."""

from django.apps import AppConfig

from noctis.archive.signals import series_changed
from noctis.dicomweb.converters import register


class DicomwebConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.dicomweb"
    label = "dicomweb"

    def ready(self) -> None:
        """Make the addresses' converters known, and prepare series in the background when they change."""
        register()
        from noctis.dicomweb.tasks import prepare_soon  # models are loaded only now

        series_changed.connect(prepare_soon, dispatch_uid="dicomweb.prepare_soon")
