"""Words that readers begin a report with: templates of whole reports, and short ones that a shortcut expands.

A report copies these words and keeps no reference to them: to change or to remove them changes no report.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from noctis.accounts.models import User


class ReportTemplateQuerySet(models.QuerySet["ReportTemplate"]):
    """Templates, of one reader or shared by all."""

    def usable_by(self, user: User) -> ReportTemplateQuerySet:
        """Return what a reader may put into a report: the shared ones and the reader's own."""
        return self.filter(Q(owner=None) | Q(owner=user), removed_at=None)

    def changeable_by(self, user: User) -> ReportTemplateQuerySet:
        """Return what ``user`` may change: an administrator the shared ones, everybody their own."""
        own = Q(owner=user)
        return self.filter(own | Q(owner=None) if user.is_administrator else own, removed_at=None)


class ReportTemplate(models.Model):
    """A report to begin with; ``version`` counts its changes, and what is removed stays for the trail."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The one reader who uses it; nobody where it is shared",
    )
    name = models.CharField(max_length=80)
    modalities = models.CharField(
        max_length=64, blank=True, help_text="Such as CT, separated by backslashes; any if empty"
    )
    body_part = models.CharField(max_length=64, blank=True, help_text="As Body Part Examined names it; any if empty")
    content = models.JSONField(help_text="A document for each section, as content.py describes it")
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True)

    objects = ReportTemplateQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def modality_list(self) -> list[str]:
        """The modalities as a list, empty for any."""
        return [modality for modality in self.modalities.split("\\") if modality]


class MacroQuerySet(models.QuerySet["Macro"]):
    """Macros, of one reader or shared by all."""

    def usable_by(self, user: User) -> MacroQuerySet:
        """Return what a reader may expand: the shared ones and the reader's own."""
        return self.filter(Q(owner=None) | Q(owner=user))

    def changeable_by(self, user: User) -> MacroQuerySet:
        """Return what ``user`` may change: an administrator the shared ones, everybody their own."""
        own = Q(owner=user)
        return self.filter(own | Q(owner=None) if user.is_administrator else own)


class Macro(models.Model):
    """A few words that a shortcut stands for; with ``{age}`` and the like in them, as macros.ts of the editor says."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    shortcut = models.CharField(max_length=32)
    text = models.TextField(max_length=4000)
    changed_at = models.DateTimeField(auto_now=True)

    objects = MacroQuerySet.as_manager()

    class Meta:
        ordering = ("shortcut", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shortcut"], condition=Q(owner=None), name="a_shared_macro_has_its_shortcut_alone"
            ),
            models.UniqueConstraint(
                fields=["owner", "shortcut"],
                condition=Q(owner__isnull=False),
                name="a_macro_of_a_reader_has_its_shortcut_alone",
            ),
        ]

    def __str__(self) -> str:
        return self.shortcut
