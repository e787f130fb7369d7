"""What the appliance itself can see of each item of the checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from noctis.accounts.models import ROLES_BOUND_TO_A_FACILITY, Facility, Role, User
from noctis.archive.models import Reception
from noctis.audit.models import Action, AuditEntry
from noctis.backup_state import BACKUP, DRILL, BackupState, read_backup_state
from noctis.network.models import RemoteApplicationEntity
from noctis.notifications.models import Alert
from noctis.operations.preparation import administrators_who_can_sign_in
from noctis.readiness.pages_certificate import CertificateTrouble, valid_until
from noctis.reports.models import ReportState, ReportVersion
from noctis.reports.output.models import Letterhead

ENOUGH_ADMINISTRATORS: Final = 2
ENOUGH_DAYS: Final = 14
MOST_NAMED: Final = 5


@dataclass(frozen=True)
class Evidence:
    """Whether it is so, and what was seen, in one sentence without anything of a patient."""

    is_good: bool
    text: str


def administrator_can_sign_in() -> Evidence:
    """Look for an administrator with a password."""
    count = administrators_who_can_sign_in().count()
    return Evidence(count > 0, f"{count} administrator{'' if count == 1 else 's'} can sign in.")


def second_administrator() -> Evidence:
    """Look for two administrators with passwords."""
    names = sorted(administrators_who_can_sign_in().values_list("username", flat=True))
    return Evidence(len(names) >= ENOUGH_ADMINISTRATORS, f"Who can sign in: {_listed(names) or 'nobody'}.")


def mail_was_taken() -> Evidence:
    """Look at the last test e-mail."""
    if not settings.NOCTIS_SMTP_HOST:
        return Evidence(is_good=False, text="No mail server is set.")
    last = AuditEntry.objects.filter(action=Action.MAIL_TRIED).first()
    if last is None:
        return Evidence(is_good=False, text="No test was sent.")
    if not last.detail.get("taken"):
        return Evidence(is_good=False, text=f"The test of {_day(last.at)} was not taken.")
    return Evidence(is_good=True, text=f"The test of {_day(last.at)} was taken.")


def facility() -> Evidence:
    """Look for a facility."""
    names = list(Facility.objects.values_list("name", flat=True))
    return Evidence(bool(names), f"{_listed(names)}." if names else "There is none.")


def letterheads() -> Evidence:
    """Look for facilities whose reports would go out without a heading."""
    filled = Letterhead.objects.filter(~Q(heading="") | ~Q(address="") | ~Q(logo_sha256=""))
    bare = list(Facility.objects.exclude(pk__in=filled.values("facility")).values_list("name", flat=True))
    if bare:
        return Evidence(is_good=False, text=f"Without one: {_listed(bare)}.")
    return Evidence(
        Facility.objects.exists(), "Every facility has one." if filled.exists() else "No facility is there."
    )


def facility_accounts() -> Evidence:
    """Look for facility users and technicians who can sign in."""
    count = _who_can_sign_in().filter(role__in=ROLES_BOUND_TO_A_FACILITY).exclude(facility=None).count()
    return Evidence(count > 0, f"{count} can.")


def radiologist() -> Evidence:
    """Look for a radiologist who can sign in."""
    count = _who_can_sign_in().filter(role=Role.RADIOLOGIST).count()
    return Evidence(count > 0, f"{count} can.")


def images_received() -> Evidence:
    """Look for a delivery of a registered device."""
    known = RemoteApplicationEntity.objects.filter(ae_title=OuterRef("ae_title"))
    last = Reception.objects.filter(Exists(known), protocol="C-STORE").order_by("-pk").first()
    if last is None:
        return Evidence(is_good=False, text="None has yet.")
    return Evidence(is_good=True, text=f"{last.ae_title}, last on {_day(last.started_at)}.")


def entities() -> Evidence:
    """Look for registered devices."""
    count = _active_entities().count()
    return Evidence(count > 0, f"{count} registered.")


def entities_seen() -> Evidence:
    """Look for registered devices that never called and were never reached."""
    unseen = _active_entities().filter(last_seen_at=None, send_succeeded_at=None)
    titles = list(unseen.values_list("ae_title", flat=True))
    if titles:
        return Evidence(is_good=False, text=f"Never connected: {_listed(titles)}.")
    return Evidence(_active_entities().exists(), "All have." if _active_entities().exists() else "None is registered.")


def certificate() -> Evidence:
    """Ask for the pages as a browser does and look at the certificate."""
    if not settings.NOCTIS_BEHIND_TLS:
        return Evidence(is_good=False, text="The pages are served without TLS.")
    try:
        end = valid_until()
    except CertificateTrouble as error:
        return Evidence(is_good=False, text=str(error))
    days = (end - timezone.now()).days
    return Evidence(days >= ENOUGH_DAYS, f"Valid until {_day(end)} ({days} days).")


def report_signed() -> Evidence:
    """Look for a signed report."""
    last = ReportVersion.objects.filter(state=ReportState.FINAL).order_by("-pk").first()
    if last is None:
        return Evidence(is_good=False, text="None is signed yet.")
    return Evidence(is_good=True, text=f"The last was signed on {_day(last.made_at)}.")


def backup_made() -> Evidence:
    """Look at the last good backup."""
    return _run(BACKUP, "No backup was made yet.")


def restore_drill() -> Evidence:
    """Look at the last restore that was rehearsed."""
    return _run(DRILL, "None was rehearsed yet.")


def backup_password() -> Evidence:
    """Look whether somebody took the password away."""
    state = backup_state()
    if state is None or state.password_taken_at is None:
        return Evidence(is_good=False, text="It lies on this server only.")
    return Evidence(is_good=True, text=f"It was taken on {_day(state.password_taken_at)}.")


def no_open_alert() -> Evidence:
    """Look for alerts that are not over."""
    count = Alert.objects.filter(resolved_at=None).count()
    return Evidence(count == 0, "None is." if count == 0 else f"{count} open.")


def backup_state() -> BackupState | None:
    """Return what the backups say of themselves; None where they were never set up or say nothing sensible."""
    try:
        return read_backup_state(settings.NOCTIS_BACKUP_STATE)
    except (OSError, ValueError):
        return None


def _run(kind: str, nothing: str) -> Evidence:
    state = backup_state()
    run = state.last_success.get(kind) if state else None
    if state is None or run is None:
        return Evidence(is_good=False, text=nothing)
    if failed := state.failed_last(kind):
        return Evidence(is_good=False, text=f"The last one, on {_day(failed.finished_at)}, failed.")
    now = timezone.now()
    is_late = state.is_backup_late(now) if kind == BACKUP else state.is_drill_late(now)
    return Evidence(not is_late, f"The last one is from {_day(run.finished_at)}.")


def _who_can_sign_in() -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)


def _active_entities() -> QuerySet[RemoteApplicationEntity]:
    return RemoteApplicationEntity.objects.filter(is_active=True)


def _listed(names: list[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
