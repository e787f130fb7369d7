"""Pages about backups, for administrators: how the last ones went, what was rehearsed, what a restore left out."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from noctis.accounts.permissions import administrators_only
from noctis.backup.certificates import certificate, certificates
from noctis.backup.reconciling import last_restore
from noctis.backup.schedule import next_backup, next_drill
from noctis.backup_state import BACKUP, CHECK, DRILL, JOURNAL, read_backup_state


@administrators_only
@require_safe
def backups(request: HttpRequest) -> HttpResponse:
    """Show the state of the backups, and what somebody should do something about."""
    now = timezone.now()
    try:
        state, damage = read_backup_state(settings.NOCTIS_BACKUP_STATE), ""
    except (ValueError, OSError) as error:
        state, damage = None, str(error)
    context: dict[str, object] = {
        "state": state,
        "damage": damage,
        "restored": last_restore(),
        "is_embedded": settings.NOCTIS_EMBEDDED,
    }
    if state is not None:
        context |= {f"last_{kind}": state.last_success.get(kind) for kind in (BACKUP, CHECK, DRILL, JOURNAL)}
        context |= {
            "warnings": list(state.warnings(now)),
            "is_late": state.is_backup_late(now) or BACKUP not in state.last_success,
            "is_drill_late": state.is_drill_late(now) or DRILL not in state.last_success,
            "next_backup": next_backup(state, now),
            "next_drill": next_drill(state, now),
            "certificates": certificates(),
        }
    return render(request, "backup/backups.html", context)


@administrators_only
@require_safe
def drill_certificate(request: HttpRequest, name: str) -> HttpResponse:
    """Show the certificate of one restore drill, fit to be printed."""
    found = certificate(name)
    if found is None:
        raise Http404
    return render(request, "backup/certificate.html", {"certificate": found})
