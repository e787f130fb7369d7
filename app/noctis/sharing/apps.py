"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """Links with which somebody outside sees one study."""

    name = "noctis.sharing"
    label = "sharing"
