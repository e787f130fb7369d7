"""``manage.py pending_migrations``: what ``migrate`` would do, as JSON for the program that changes releases."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from noctis.operations.migration_plan import pending_migrations


class Command(BaseCommand):
    help = "Print what migrate would apply: its names, whether the former release goes on working, and can be undone."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps([asdict(migration) for migration in pending_migrations()]))
