"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    """Whether the appliance is fit for use: the steps to go-live, what is wrong now, and for how long there is room."""

    name = "noctis.readiness"
    label = "readiness"
