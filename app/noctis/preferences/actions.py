"""The one write of preferences.

It leaves no entry in the audit trail: preferences say nothing about a patient, and only their owner can change them.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from noctis.accounts.models import User
from noctis.preferences.models import Preferences


@transaction.atomic
def keep_section(name: str, value: dict[str, Any], *, acting_user: User) -> None:
    """Replace one section of the user's own preferences; ``value`` must have passed ``sections.checked``."""
    preferences, _ = Preferences.objects.select_for_update().get_or_create(user=acting_user)
    preferences.sections[name] = value
    preferences.save()
