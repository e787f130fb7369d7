"""The room on the file system that holds the archive."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class DiskSpace:
    """Bytes of the file system that holds the archive."""

    total: int
    free: int

    @property
    def used(self) -> int:
        """What is taken, by the archive or anything else."""
        return self.total - self.free

    @property
    def free_percent(self) -> float:
        """How much is left."""
        return 100 * self.free / self.total if self.total else 0.0

    @property
    def is_short(self) -> bool:
        """Whether so little is left that administrators are told."""
        return self.free_percent < settings.NOCTIS_ALERT_DISK_FREE_PERCENT


def disk_space() -> DiskSpace:
    """Return the space where studies are stored."""
    usage = shutil.disk_usage(settings.NOCTIS_DATA.root)
    return DiskSpace(usage.total, usage.free)
