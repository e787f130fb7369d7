"""What people are told: the notifications, the e-mail that carries them, and how each user wants to be told."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.notifications.event_kinds import Event, MailChoice, default_choice, event_choices

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LONGEST_TEXT: Final = 300
DIGEST_TIME: Final = time(7, 0)


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Notifications, scoped by their reader and by what the reader may see now."""

    def visible_to(self, user: User | AnonymousUser) -> NotificationQuerySet:
        """Return the user's own, without what the role is not told of, and without studies that became others'."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        own = self.filter(user=user, event__in=[event for event in Event if default_choice(event, user.role)])
        if user.sees_all_facilities:
            return own
        return own.filter(Q(study=None) | Q(study__in=Study.objects.visible_to(user)))

    def in_app(self) -> NotificationQuerySet:
        """Return those that the bell shows."""
        return self.filter(is_in_app=True)

    def unread(self) -> NotificationQuerySet:
        """Return those that the reader has not seen."""
        return self.filter(read_at=None)


class Notification(models.Model):
    """One thing that one user is told. What happens again before it is read is counted here.

    ``text`` and ``path`` never hold anything of a patient: they may go out by e-mail and stand in addresses.
    """

    uid = models.UUIDField(unique=True, default=uuid4, editable=False, help_text="What a link in an e-mail names")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    event = models.CharField(max_length=40, choices=event_choices)
    study = models.ForeignKey(Study, null=True, on_delete=models.CASCADE, related_name="notifications")
    acting_user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(max_length=LONGEST_TEXT, blank=True, help_text="More about it, nothing of a patient")
    path = models.CharField(max_length=200, blank=True, help_text="Where it leads to; empty: to the study")
    key = models.CharField(max_length=80, blank=True, help_text="What has the same key is the same thing again")
    count = models.PositiveIntegerField(default=1, help_text="How often it happened")
    is_in_app = models.BooleanField(help_text="Whether the bell shows it")
    waits_for_digest = models.BooleanField(default=False)
    mail = models.ForeignKey("Mail", null=True, on_delete=models.SET_NULL, related_name="notifications")
    happened_at = models.DateTimeField(default=timezone.now, help_text="The last time")
    read_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ("-happened_at", "-pk")
        indexes: ClassVar = [
            models.Index(fields=["user", "-happened_at", "-id"]),
            models.Index(fields=["user", "event", "study"], condition=Q(read_at=None), name="unread_notifications"),
            models.Index(fields=["user"], condition=Q(waits_for_digest=True), name="notifications_for_digest"),
            models.Index(fields=["happened_at"], name="notifications_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def kind(self) -> Event:
        """What happened."""
        return Event(self.event)


class MailState(models.TextChoices):
    """How far an e-mail is."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


OPEN_STATES: Final = (MailState.WAITING, MailState.SENDING)


class MailQuerySet(models.QuerySet["Mail"]):
    """The queue of e-mail."""

    def due(self, now: datetime) -> MailQuerySet:
        """Return what is to be sent now, the oldest first.

        What is being sent is due again when its sender did not come back in time.
        """
        return self.filter(state__in=OPEN_STATES, due_at__lte=now).order_by("due_at", "pk")


class Mail(models.Model):
    """One e-mail to one user: what it says is made of its notifications when it is sent.

    ``event`` is empty for the daily digest. ``uid`` makes the Message-ID, so that a server that was handed the same
    mail twice can tell.
    """

    uid = models.UUIDField(unique=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40, choices=event_choices, blank=True)
    state = models.CharField(max_length=16, choices=MailState.choices, default=MailState.WAITING)
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row")
    due_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=LONGEST_TEXT, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "sending"]), name="open_mail"),
            models.Index(fields=["user", "event", "-id"]),
            models.Index(fields=["state", "-id"]),
        ]

    def __str__(self) -> str:
        return f"mail {self.uid}"

    @property
    def kind(self) -> Event | None:
        """What it tells; None for the digest."""
        return Event(self.event) if self.event else None


class EventPreference(models.Model):
    """How one user wants to be told of one event, where it is not as the role has it by default."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="event_preferences")
    event = models.CharField(max_length=40, choices=event_choices)
    in_app = models.BooleanField()
    mail = models.CharField(max_length=16, choices=MailChoice.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "event"], name="one_preference_per_user_and_event")
        ]

    def __str__(self) -> str:
        return f"{self.event} for user {self.user_id}"


class DigestPreference(models.Model):
    """When a user gets the daily digest, by the clock of the installation."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest_preference")
    at = models.TimeField(default=DIGEST_TIME)
    made_on = models.DateField(null=True, help_text="The day of the last one")

    def __str__(self) -> str:
        return f"digest of user {self.user_id}"


class Alert(models.Model):
    """Something is wrong with the appliance until ``resolved_at``; told once when it begins and once when it ends."""

    key = models.CharField(max_length=80)
    text = models.CharField(max_length=LONGEST_TEXT)
    raised_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], condition=Q(resolved_at=None), name="a_trouble_is_open_once")
        ]

    def __str__(self) -> str:
        return f"alert {self.key}"
