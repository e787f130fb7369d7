"""What is decided about an application entity beyond its name and address, as the actions take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError

from noctis.network.models import RemoteApplicationEntity, RequiredIdentity, plain_fingerprint


@dataclass(frozen=True)
class SendingRules:
    """How we connect to it: in plain, or over TLS, where its certificate is known by authority and name or pinned."""

    uses_tls: bool = False
    server_certificate: str = ""

    def values_for(self, _entity: RemoteApplicationEntity | None) -> dict[str, Any]:
        """Return the fields as they are stored."""
        return {
            "uses_tls": self.uses_tls,
            "server_certificate_sha256": plain_fingerprint(self.server_certificate) if self.uses_tls else "",
        }

    def are_those_of(self, entity: RemoteApplicationEntity) -> bool:
        """Whether nothing would change."""
        return all(getattr(entity, name) == value for name, value in self.values_for(entity).items())


@dataclass(frozen=True)
class IdentityRules:
    """Who it must say that it is (PS3.7 D.3.3.7); an empty passcode leaves the one before, if there is one."""

    required: str = RequiredIdentity.NONE
    username: str = ""
    passcode: str = ""
    over_plain: bool = False

    def values_for(self, entity: RemoteApplicationEntity | None) -> dict[str, Any]:
        """Return the fields as they are stored: of the passcode a hash. Raises ValidationError where one is missing."""
        needs_passcode = self.required == RequiredIdentity.PASSCODE
        if self.required and not self.username:
            raise ValidationError({"identity_username": "Give the user name that the device says."})
        known = entity.identity_passcode if entity is not None and needs_passcode else ""
        hashed = make_password(self.passcode) if needs_passcode and self.passcode else known
        if needs_passcode and not hashed:
            raise ValidationError({"identity_passcode": "Give the passcode that the device says."})
        return {
            "required_identity": self.required,
            "identity_username": self.username if self.required else "",
            "identity_passcode": hashed,
            "identity_over_plain": self.over_plain and needs_passcode,
        }

    def are_those_of(self, entity: RemoteApplicationEntity) -> bool:
        """Whether nothing would change."""
        same = (entity.required_identity, entity.identity_username, entity.identity_over_plain)
        asked = (self.required, self.username, self.over_plain)
        return same == asked and (not self.passcode or check_password(self.passcode, entity.identity_passcode))
