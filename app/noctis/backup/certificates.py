"""The certificates that restore drills leave, as they are shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings

LISTED: Final = 20


@dataclass(frozen=True)
class Step:
    """One thing that a drill proved, or did not."""

    title: str
    detail: str
    passed: bool
    problems: list[str]


@dataclass(frozen=True)
class Certificate:
    """What a drill found."""

    name: str
    passed: bool
    host: str
    release: str
    repository: str
    snapshot: str
    snapshot_at: datetime
    started_at: datetime
    finished_at: datetime
    steps: list[Step]


def certificates() -> list[Certificate]:
    """Return the last certificates, the last first."""
    names = sorted((path.stem for path in _folder().glob("*.json")), reverse=True)
    return [found for name in names[:LISTED] if (found := certificate(name)) is not None]


def certificate(name: str) -> Certificate | None:
    """Return a certificate; None where there is none of this name."""
    try:
        values: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    moments = {key: datetime.fromisoformat(values[key]) for key in ("snapshot_at", "started_at", "finished_at")}
    return Certificate(**{**values, **moments, "name": name, "steps": [Step(**step) for step in values["steps"]]})


def _folder() -> Path:
    return Path(settings.NOCTIS_BACKUP_STATE).parent / "drills"
