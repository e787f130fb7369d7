"""What the watch remembers: what it found last, and the figures from which it judges a stretch of time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class State(models.TextChoices):
    """How a condition stands; a new one needs no migration."""

    FINE = "fine", "Fine"
    BETWEEN = "between", "Not decided"
    WRONG = "wrong", "Wrong"
    UNWATCHED = "unwatched", "Not watched"


class Reading(models.Model):
    """What the watch found when it looked at one condition the last time.

    A condition may be wrong for a while before it counts; the alert itself is noctis.notifications.models.Alert.
    """

    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=12, default=State.UNWATCHED)
    value = models.FloatField(null=True)
    text = models.CharField(max_length=300, blank=True)
    looked_at = models.DateTimeField()
    wrong_since = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class ServiceSample(models.Model):
    """What the DICOM service had counted at one moment; the figures begin anew with each run of it."""

    at = models.DateTimeField(db_index=True)
    run = models.FloatField(help_text="When that run began, seconds since 1970")
    connections = models.PositiveBigIntegerField()
    failed_connections = models.PositiveBigIntegerField()
    stores = models.PositiveBigIntegerField()
    failed_stores = models.PositiveBigIntegerField()
    store_microseconds = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("at",)

    def __str__(self) -> str:
        return f"figures of {self.at:%Y-%m-%d %H:%M}"


class IntakeDay(models.Model):
    """What was stored in one day (UTC), by every way in. ``last_instance`` is the newest that was counted."""

    day = models.DateField(unique=True)
    instances = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes")
    last_instance = models.PositiveBigIntegerField(default=0, db_index=True)

    class Meta:
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"intake of {self.day}"


class QueueMark(models.Model):
    """When the job was queued that the worker came to last among those of ordinary priority."""

    queued_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"queued at {self.queued_at:%H:%M:%S}"
