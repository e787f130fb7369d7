"""``manage.py withhold_patient_data``: the last look at a support bundle."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from noctis.readiness.withholding import withhold


class Command(BaseCommand):
    help = "Read texts by name as JSON and print them without the lines that name a patient of the index."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        texts, lines = withhold({str(name): str(text) for name, text in json.load(sys.stdin).items()})
        self.stdout.write(json.dumps({"texts": texts, "lines": lines}))
