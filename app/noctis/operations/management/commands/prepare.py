"""``manage.py prepare``: make what a new appliance needs; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from noctis.env import ConfigurationError
from noctis.operations.preparation import prepare_appliance, set_up_address


class Command(BaseCommand):
    """Makes the default facility (embedded default) and lets the first administrator in."""

    help = (
        "Make what a new appliance needs. Prints a one-time set-up link as long as no administrator can sign in; "
        "with NOCTIS_ADMIN_PASSWORD_FILE the user `admin` gets that password instead. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = prepare_appliance()
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        for line in lines:
            self.stdout.write(line)
        if address := set_up_address():
            self.stdout.write(f"Set up the first administrator (once, within two days): {address}")
