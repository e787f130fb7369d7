"""``manage.py add_facility CODE NAME``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.accounts.actions import add_facility
from noctis.accounts.models import Facility


class Command(BaseCommand):
    help = "Add a facility. A facility that is already there with the same name is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("name", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        code, name = options["code"], options["name"]
        existing = Facility.objects.filter(code=code).first()
        if existing is not None and existing.name == name:
            self.stdout.write(f"The facility {code} is there already.")
            return
        try:
            Facility(code=code, name=name).full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        add_facility(code, name)
        self.stdout.write(f"The facility {code} is added.")
