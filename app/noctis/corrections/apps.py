"""Registers the app."""

from django.apps import AppConfig

from noctis.archive.signals import headers_read, object_begun


class CorrectionsConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.corrections"
    label = "corrections"

    def ready(self) -> None:
        """Have headers corrected before they are indexed."""
        from noctis.corrections.arrivals import correct_headers, keep_beside  # models are loaded only now

        headers_read.connect(correct_headers, dispatch_uid="corrections.correct_headers")
        object_begun.connect(keep_beside, dispatch_uid="corrections.keep_beside")
