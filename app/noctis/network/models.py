"""The application entities that Noctis knows."""

from __future__ import annotations

import ipaddress
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from noctis.accounts.models import Facility


def validate_networks(value: str) -> None:
    """Accept addresses or CIDR networks separated by commas or white space."""
    for word in value.replace(",", " ").split():
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError as error:
            raise ValidationError(f"“{word}” is neither an address nor a network such as 10.1.2.0/24.") from error


class RemoteApplicationEntity(models.Model):
    """A modality or workstation: its AE title, where it may call from, and the facility whose images it sends."""

    ae_title = models.CharField(max_length=16, unique=True)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="application_entities")
    description = models.CharField(max_length=120, blank=True)
    networks = models.CharField(
        max_length=400,
        blank=True,
        validators=[validate_networks],
        help_text="Addresses or CIDR networks it may call from; empty for any",
    )
    is_active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("ae_title",)
        verbose_name_plural = "remote application entities"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(ae_title=""), name="remote_ae_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.ae_title

    def may_call_from(self, address: str) -> bool:
        """Whether an association from ``address`` is within the configured networks."""
        words = self.networks.replace(",", " ").split()
        caller = ipaddress.ip_address(address)
        return not words or any(caller in ipaddress.ip_network(word, strict=False) for word in words)
