"""``manage.py clear_cache``: forget everything that can be computed again."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Empties the cache and the folder of derived files; images, index and sessions stay."""

    help = "Empty the cache and remove derived files (thumbnails, metadata). They are made again when needed."

    def handle(self, *args: Any, **options: Any) -> None:
        cache.clear()
        removed = 0
        for entry in settings.NOCTIS_DATA.derived.glob("*"):
            if entry.is_dir():
                removed += sum(1 for file in entry.rglob("*") if file.is_file())
                shutil.rmtree(entry, ignore_errors=True)  # a running process may be writing a new file there
            else:
                removed += 1
                entry.unlink(missing_ok=True)
        self.stdout.write(f"The cache is empty; {removed} derived files were removed.")
