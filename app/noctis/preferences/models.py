"""What each user prefers: one document, in sections that the parts of the front end own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from noctis.accounts.models import User


class Preferences(models.Model):
    """The sections that one user has changed; a section that is absent stands as the front end has it by default."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences")
    sections = models.JSONField(default=dict, help_text="By name, each as sections.py checks it")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user.username}"

    @classmethod
    def sections_of(cls, user: User) -> dict[str, Any]:
        """Return what the user has changed, by section."""
        found: dict[str, Any] | None = cls.objects.filter(user=user).values_list("sections", flat=True).first()
        return found or {}
