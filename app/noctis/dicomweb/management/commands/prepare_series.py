"""``manage.py prepare_series``: make the thumbnails and metadata that are missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from noctis.dicomweb.preparation import prepare_archive


class Command(BaseCommand):
    """Makes the derived files that are missing; safe to repeat, and to break off."""

    help = (
        "Make the thumbnails and metadata that are missing, as after an update or clear_cache, so that nobody who "
        "opens a study waits for them; and remove those of series that are gone. The appliance may run meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = prepare_archive()
        self.stdout.write(
            f"{done.prepared} series were prepared, {done.complete} had everything, "
            f"{done.failed} could not be prepared; {done.left_over} folders of series that are gone were removed."
        )
