"""Registers the app."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.scheduling"
    label = "scheduling"
