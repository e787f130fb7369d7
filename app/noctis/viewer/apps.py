"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig

from noctis.corrections.signals import instances_moved


class ViewerConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.viewer"
    label = "viewer"

    def ready(self) -> None:
        """Register the check of the site's hanging protocols, and keep annotations with their images."""
        import_module("noctis.viewer.checks")
        from noctis.viewer.moved_images import follow_images  # models are loaded only now

        instances_moved.connect(follow_images, dispatch_uid="viewer.follow_images")
