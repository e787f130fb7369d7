"""Key images: the images of a study that its readers want found again, such as for a report."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Instance, Study


class KeyImageQuerySet(FacilityScopedQuerySet["KeyImage"]):
    """Key images of the studies of a facility."""

    facility_path = "instance__series__study__facility"

    def of_study(self, study: Study) -> KeyImageQuerySet:
        """Return those of a study in the order in which they were marked, with author, image and series."""
        return self.filter(instance__series__study=study).select_related("author", "instance__series__study")


class KeyImage(models.Model):
    """An image, or one frame of it, that somebody marked; with the window that they saw it in, where there was one."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="key_images")
    frame_number = models.PositiveIntegerField(default=1, help_text="From 1")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(auto_now_add=True)
    window_center = models.FloatField(null=True)
    window_width = models.FloatField(null=True)

    objects = KeyImageQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["instance", "frame_number"], name="an_image_is_marked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} frame {self.frame_number}"

    @property
    def window(self) -> tuple[float, float] | None:
        """Centre and width, in units of the modality."""
        return (
            None if self.window_center is None or self.window_width is None else (self.window_center, self.window_width)
        )
