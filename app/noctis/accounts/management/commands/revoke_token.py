"""``manage.py revoke_token [NUMBER | --user USER]``: API tokens end at once; without either they are listed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.accounts.actions import revoke_api_token
from noctis.accounts.models import ApiToken


class Command(BaseCommand):
    help = "End the API token NUMBER, or all of --user; without either, list the tokens that are valid."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", metavar="NUMBER", type=int, nargs="?")
        parser.add_argument("--user", metavar="USER", help="end all tokens of USER")

    def handle(self, *args: Any, **options: Any) -> None:
        tokens = ApiToken.objects.filter(revoked_at=None).select_related("user__facility").order_by("pk")
        if options["number"] is None and options["user"] is None:
            for token in tokens:
                used = f"used {token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never used"
                until = f"until {token.expires_at:%Y-%m-%d}"
                self.stdout.write(f"{token.pk}\t{token.user.username}\t{token.name}\t{until}\t{used}")
            return
        if options["number"] is not None:
            tokens = tokens.filter(pk=options["number"])
        if options["user"] is not None:
            tokens = tokens.filter(user__username__iexact=options["user"])
        found = list(tokens)
        if not found:
            raise CommandError("There is no such token that is still valid.")
        for token in found:
            revoke_api_token(token)
            self.stdout.write(f"Token {token.pk} of {token.user.username} is revoked.")
