"""``manage.py export_audit_trail``: the whole trail, to be kept after the server."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from noctis.audit.models import AuditEntry

FIELDS = (
    "pk",
    "at",
    "action",
    "username",
    "ae_title",
    "address",
    "facility__code",
    "study_instance_uid",
    "detail",
)


class Command(BaseCommand):
    help = "Print the audit trail, the oldest entry first, one JSON object a line. It holds UIDs and names of users."

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in AuditEntry.objects.order_by("pk").values(*FIELDS).iterator():
            self.stdout.write(json.dumps(entry, cls=DjangoJSONEncoder))
