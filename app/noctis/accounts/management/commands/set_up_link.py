"""``manage.py set_up_link USER``: a new one-time link, also for an administrator who forgot the password."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.accounts.actions import issue_set_up_link
from noctis.accounts.models import SET_UP_LINK_LIFETIME, User


class Command(BaseCommand):
    help = "Print a link at which USER can choose a password, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USER")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if not user.is_active:
            raise CommandError(f"The user {user.username!r} is deactivated.")
        hours = int(SET_UP_LINK_LIFETIME.total_seconds() // 3600)
        self.stderr.write(f"This link works once, within {hours} hours; links given out before have ended.")
        self.stdout.write(issue_set_up_link(user))
