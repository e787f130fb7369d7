"""Registers the app."""

from django.apps import AppConfig


class StudyNotesConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.study_notes"
    label = "study_notes"
