"""What the audit trail has of backups."""

from __future__ import annotations

from typing import Any, Final

from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.backup_state import BACKUP, CHECK, DRILL, RESTORE

ACTIONS: Final = {
    BACKUP: Action.BACKUP_MADE,
    CHECK: Action.BACKUP_CHECKED,
    DRILL: Action.RESTORE_REHEARSED,
    RESTORE: Action.BACKUP_RESTORED,
}


def note_backup(kind: str, detail: dict[str, Any]) -> None:
    """Record a run of the backup command; ``detail`` says whether it succeeded."""
    record(ACTIONS[kind], username="noctis-backup", **detail)
