"""What is wrong with the appliance, as it sees itself: for ``noctisctl doctor``. Says nothing of a patient."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.core.checks import WARNING, run_checks
from django.db.models import Sum
from django.utils import timezone
from redis.exceptions import RedisError

from noctis.archive.models import QuarantinedObject
from noctis.network.models import RefusedAssociation
from noctis.notifications.models import Alert
from noctis.readiness.context import is_awaiting_release
from noctis.readiness.evidence import backup_state

WELL, ATTENTION, PROBLEM = "well", "attention", "problem"
SPOOL_SECONDS: Final = 600
REFUSALS_OF: Final = timedelta(days=1)


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at; ``advice`` says what to do where it is not well."""

    subject: str
    level: str
    text: str
    advice: str = ""


def diagnose() -> Iterator[Diagnosis]:
    """Look at what only the application knows."""
    yield from _settings()
    yield _jobs()
    yield from _backups()
    yield from _spool()
    yield from _alerts()
    yield from _quarantine()
    yield from _refusals()
    if is_awaiting_release():
        yield Diagnosis("go-live", ATTENTION, "not released for clinical use", "See Administration, Go-live.")


def _settings() -> Iterator[Diagnosis]:
    messages = run_checks(include_deployment_checks=True)
    found = [message for message in messages if message.level >= WARNING and not message.is_silenced()]
    for message in found:
        yield Diagnosis(
            "settings",
            PROBLEM if message.is_serious() else ATTENTION,
            f"{message.msg} ({message.id})",
            message.hint or "Change the inventory and run site.yml.",
        )
    if not found:
        yield Diagnosis("settings", WELL, "are safe")


def _jobs() -> Diagnosis:
    """Ask for something in the cache, which lies where jobs are queued."""
    try:
        cache.get("doctor")
    except RedisError as error:
        advice = "No job is carried out. See “Redis” in operations.md; site.yml sets up what the inventory says."
        return Diagnosis("jobs", PROBLEM, f"Redis does not let the application in: {error}", advice)
    return Diagnosis("jobs", WELL, "can be queued")


def _backups() -> Iterator[Diagnosis]:
    state = backup_state()
    if state is None:
        yield Diagnosis("backup", PROBLEM, "backups are not set up", "Run site.yml again with --tags backup.")
        return
    warnings = list(state.warnings(timezone.now()))
    for text in warnings:
        yield Diagnosis("backup", ATTENTION, text, "See “Backup” in operations.md; sudo noctisctl backup makes one.")
    if not warnings:
        yield Diagnosis("backup", WELL, "made and rehearsed")


def _spool() -> Iterator[Diagnosis]:
    """Look for acknowledged objects that nobody files."""
    try:
        ages = [time.time() - path.stat().st_mtime for path in settings.NOCTIS_DATA.ready.iterdir() if path.is_file()]
    except FileNotFoundError:  # the indexer was faster
        ages = []
    if ages and max(ages) > SPOOL_SECONDS:
        yield Diagnosis(
            "spool",
            PROBLEM,
            f"{len(ages)} received objects wait to be filed, the oldest for {max(ages) / 60:.0f} minutes",
            "They are safe. The page “Quality control, spool” tells why; sudo supervisorctl restart noctis-dicom",
        )
    else:
        yield Diagnosis("spool", WELL, f"{len(ages)} received objects wait to be filed" if ages else "is empty")


def _alerts() -> Iterator[Diagnosis]:
    for alert in Alert.objects.filter(resolved_at=None):
        yield Diagnosis(
            "alert",
            PROBLEM,
            f"{alert.text} (since {timezone.localtime(alert.raised_at):%Y-%m-%d %H:%M})",
            "“Monitoring and alerts” in operations.md says what to do.",
        )


def _quarantine() -> Iterator[Diagnosis]:
    count = QuarantinedObject.objects.undecided().count()
    if count:
        yield Diagnosis("quarantine", ATTENTION, f"{count} objects wait for a decision", "See the page “Inbox”.")


def _refusals() -> Iterator[Diagnosis]:
    recent = RefusedAssociation.objects.filter(last_at__gte=timezone.now() - REFUSALS_OF)
    reasons = recent.order_by().values_list("reason").annotate(times=Sum("count")).order_by("-times")[:3]
    if reasons:
        words = "; ".join(reason for reason, _ in reasons)
        yield Diagnosis(
            "refused associations",
            ATTENTION,
            f"devices were refused within a day: {words}",
            "The pages “Connect a modality” and “Refused associations” say who, and what makes it work.",
        )
