"""``manage.py diagnose``: what is wrong with the appliance, for ``noctisctl doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from noctis.readiness.diagnosis import diagnose


class Command(BaseCommand):
    help = "Print as JSON what the application finds wrong with itself. sudo noctisctl doctor prints it in sentences."
    requires_system_checks = []  # it carries them out itself, and tells of what they find

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps([asdict(one) for one in diagnose()], indent=2))
