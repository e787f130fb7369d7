"""``manage.py create_token USER``: a token with which a program calls DICOMweb and the management API as USER."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.accounts.actions import MOST_TOKEN_DAYS, TOKEN_DAYS, TokenError, issue_api_token
from noctis.accounts.models import User


class Command(BaseCommand):
    help = "Print a new API token of USER, once: only a digest of it is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USER")
        parser.add_argument("--name", default="command line", help="what it is for, such as the name of the RIS")
        parser.add_argument(
            "--days",
            type=int,
            default=TOKEN_DAYS,
            help=f"how long it is valid (default {TOKEN_DAYS}, at most {MOST_TOKEN_DAYS})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"]).select_related("facility").first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        try:
            token, secret = issue_api_token(user, options["name"], days=options["days"])
        except TokenError as error:
            raise CommandError(str(error)) from error
        where = "all facilities" if user.sees_all_facilities else user.facility or "no facility"
        self.stderr.write(
            f"Token {token.pk} acts as {user.username} ({user.get_role_display() or 'no role'}, {where}) until"
            f" {token.expires_at:%Y-%m-%d}. It is not shown again; 'revoke_token {token.pk}' ends it."
        )
        self.stdout.write(secret)
