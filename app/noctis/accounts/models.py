"""Facilities, users and their roles: who may see whose patients."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

SET_UP_LINK_LIFETIME = timedelta(days=2)
TOKEN_NAME = 80


class Facility(models.Model):
    """A hospital, practice or imaging centre; every study belongs to exactly one."""

    code = models.SlugField(max_length=32, unique=True, help_text="Short name used by commands, such as NORTH")
    name = models.CharField(max_length=120, unique=True)
    is_default = models.BooleanField(default=False, help_text="Takes what unknown loopback callers send")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "facilities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="only_one_default_facility"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a user is here for."""

    ADMINISTRATOR = "administrator", "Administrator"
    RADIOLOGIST = "radiologist", "Radiologist"
    FACILITY_USER = "facility_user", "Facility user"
    TECHNICIAN = "technician", "Technician"


ROLES_THAT_SEE_ALL_FACILITIES = frozenset({Role.ADMINISTRATOR, Role.RADIOLOGIST})
ROLES_BOUND_TO_A_FACILITY = frozenset({Role.FACILITY_USER, Role.TECHNICIAN})


class UserManager(BaseUserManager["User"]):
    """Makes users; ``createsuperuser`` is not used, administrators come by set-up link."""

    def create_user(
        self,
        username: str,
        password: str | None = None,
        *,
        role: str = "",
        facility: Facility | None = None,
        full_name: str = "",
        email: str = "",
    ) -> User:
        """Make an active user; without a password the user needs a set-up link to get in."""
        user = self.model(username=username, role=role, facility=facility, full_name=full_name, email=email)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return who signs in as ``username``: two users never differ by case alone."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """Someone who signs in. Without a role, or without a facility where the role needs one, a user sees nothing."""

    username = models.CharField(max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    full_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    facility = models.ForeignKey(Facility, null=True, blank=True, on_delete=models.PROTECT, related_name="users")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ("username",)
        constraints: ClassVar = [models.UniqueConstraint(Lower("username"), name="usernames_differ_by_more_than_case")]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def sees_all_facilities(self) -> bool:
        """Whether the role is bound to no facility."""
        return self.is_active and self.role in ROLES_THAT_SEE_ALL_FACILITIES

    @property
    def is_administrator(self) -> bool:
        """Whether the user may manage users, facilities and application entities."""
        return self.is_active and self.role == Role.ADMINISTRATOR


class SetUpLink(models.Model):
    """A link that lets one user choose a password, once and for a short time. Only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="set_up_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"set-up link for {self.user.username}"

    @staticmethod
    def digest(token: str) -> str:
        """Return what is stored in place of ``token``."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User) -> str:
        """Make a link for ``user``, end the ones made before, and return the secret token."""
        token = secrets.token_urlsafe(32)
        cls.objects.filter(user=user, used_at=None).delete()
        cls.objects.create(user=user, token_sha256=cls.digest(token), expires_at=timezone.now() + SET_UP_LINK_LIFETIME)
        return token

    @classmethod
    def open_for(cls, token: str, *, at: datetime | None = None) -> SetUpLink | None:
        """Return the unused, unexpired link that ``token`` belongs to, if there is one."""
        return (
            cls.objects.select_related("user")
            .filter(token_sha256=cls.digest(token), used_at=None, expires_at__gt=at or timezone.now())
            .filter(user__is_active=True)
            .first()
        )


class ApiToken(models.Model):
    """Lets a program act as its user, with the user's role and facility, until it ends. Only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=TOKEN_NAME, help_text="What the token is for")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"token {self.pk} of {self.user.username}"

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """Whether it lets anybody in."""
        return self.revoked_at is None and not self.has_expired and self.user.is_active

    @classmethod
    def usable(cls, token: str) -> ApiToken | None:
        """Return the token that was not revoked, has not expired and belongs to an active user, if it is one."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        found = cls.objects.select_related("user__facility").filter(token_sha256=digest, revoked_at=None)
        return found.filter(expires_at__gt=timezone.now(), user__is_active=True).first()
