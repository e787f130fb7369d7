"""Fills a running appliance with facilities, modalities and the accounts given as JSON on standard input."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from noctis.accounts.models import Facility

FACILITIES = {"NORTH": "North hospital", "SOUTH": "South clinic"}


def main() -> None:
    """Make everything that the acceptance tests rely on."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")
    django.setup()
    from noctis.accounts.models import Facility

    facilities = {code: Facility.objects.create(code=code, name=name) for code, name in FACILITIES.items()}
    make_modalities(facilities)
    make_accounts(facilities, json.load(sys.stdin))


def make_modalities(facilities: dict[str, Facility]) -> None:
    """Register one CT scanner per facility."""
    from noctis.network.models import RemoteApplicationEntity

    for code, facility in facilities.items():
        RemoteApplicationEntity.objects.create(ae_title=f"{code}_CT", facility=facility, description="CT of the tests")


def make_accounts(facilities: dict[str, Facility], accounts: list[dict[str, str]]) -> None:
    """Make the users."""
    from noctis.accounts.models import User

    for account in accounts:
        User.objects.create_user(
            account["username"],
            account["password"],
            role=account["role"],
            facility=facilities.get(account["facility"]),
        )


if __name__ == "__main__":
    main()
