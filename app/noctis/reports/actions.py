"""Every change of a report: under its lock, with a version, and an entry in the audit trail.

The callers find the study by ``visible_to``, so that nobody comes here with a study of others.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.event_kinds import Event
from noctis.reading_worklist.actions import report_changed
from noctis.reports import locks
from noctis.reports.content import is_empty, validated, validated_document
from noctis.reports.models import Addendum, Report, ReportState, ReportVersion
from noctis.reports.notices import tell_of_signature
from noctis.reports.permissions import may_report
from noctis.reports.signals import ReportEvent, announce
from noctis.reports.warnings import Warning, as_values, warnings_before_signing  # noqa: A004

# What one person goes on writing stays one version for this long.
SAME_VERSION_FOR: Final = timedelta(minutes=5)
MOST_ADDENDA: Final = 100


class Refused(Exception):
    """The change is not made; the text says why."""


class NotAllowed(Refused):
    """Only radiologists write reports."""


class WrongPassword(Refused):
    """Whoever signs must show again who they are."""


class AlreadySigned(Refused):
    """A signed report is not changed."""


class NotAcknowledged(Refused):
    """Something speaks against signing now, and the signer has not said to know it."""

    def __init__(self, warnings: list[Warning]) -> None:
        """Keep all that there is to know."""
        super().__init__("Read and acknowledge what speaks against signing now.")
        self.warnings = warnings


class Conflict(Exception):
    """The report is not in the version that the change was made from; ``current`` is what it is now."""

    def __init__(self, current: Report) -> None:
        """Keep what is there."""
        super().__init__("the report was changed meanwhile")
        self.current = current


@transaction.atomic
def take_lock(study: Study, *, acting_user: User, by_force: bool = False) -> Report:
    """Let ``acting_user`` write, or go on writing. Raises NotAllowed, AlreadySigned or Locked."""
    report = _held(study, acting_user, begins=True)
    holder = locks.holder_of(report)
    if by_force and holder not in (None, acting_user):
        locks.let_go(report)
        _note(Action.REPORT_TAKEN_OVER, report, acting_user)
    locks.take(report, acting_user)
    report.save()
    return report


@transaction.atomic
def let_go(study: Study, *, acting_user: User) -> None:
    """End the lock of ``acting_user``, if it is theirs; a report that nothing was written in goes."""
    report = Report.objects.select_for_update().filter(study=study, locked_by=acting_user).first()
    if report is None:
        return
    locks.let_go(report)
    report.save()
    if report.version == 0 and not report.critical_results.exists():
        report.delete()


@transaction.atomic
def save(study: Study, content: object, version: int, *, acting_user: User) -> Report:
    """Keep what was written from ``version``. Raises InvalidContent, NotAllowed, AlreadySigned, Locked or Conflict."""
    written = validated(content)
    report = _held(study, acting_user, begins=True)
    locks.take(report, acting_user)
    if version != report.version:
        raise Conflict(report)
    if written != report.content:
        report.content, report.author = written, acting_user
        _keep_version(report)
        announce(report, ReportEvent.WRITTEN, acting_user=acting_user)
        _show_on_worklist(report, acting_user)
    report.save()
    return report


@transaction.atomic
def release(study: Study, version: int, *, acting_user: User) -> Report:
    """Make a draft preliminary: others may rely on it, although nobody signed it. Raises as ``save`` does."""
    report = _held(study, acting_user)
    locks.take(report, acting_user)
    _require_words(report, version)
    report.state, report.author = ReportState.PRELIMINARY, acting_user
    _keep_version(report, closes=True)
    report.save()
    _note(Action.REPORT_RELEASED, report, acting_user)
    announce(report, ReportEvent.RELEASED, acting_user=acting_user)
    _show_on_worklist(report, acting_user)
    return report


def sign(study: Study, version: int, password: str, *, acting_user: User, acknowledged: Collection[str] = ()) -> Report:
    """Make the report final; its words never change again. Raises WrongPassword, NotAcknowledged, and as ``save`` does.

    ``acknowledged`` has the keys of the warnings that the signer has read; all that there are now must be among them.
    """
    _require_password(study, acting_user, password)
    with transaction.atomic():
        report = _held(study, acting_user)
        locks.take(report, acting_user)
        _require_words(report, version)
        warnings = warnings_before_signing(study, acting_user, report)
        if any(warning.key not in acknowledged for warning in warnings):
            raise NotAcknowledged(warnings)
        report.state, report.author = ReportState.FINAL, acting_user
        report.signed_despite = as_values(warnings)
        report.signed_by, report.signed_at = acting_user, timezone.now()
        _keep_version(report, closes=True)
        locks.let_go(report)
        report.save()
        despite = [warning.key for warning in warnings]
        _note(Action.REPORT_SIGNED, report, acting_user, despite=despite)
        announce(report, ReportEvent.SIGNED, acting_user=acting_user)
        tell_of_signature(report, Event.REPORT_FINAL, acting_user=acting_user)
        _show_on_worklist(report, acting_user)
    return report


def add(study: Study, document: object, password: str, *, acting_user: User) -> Report:
    """Add signed words to a signed report. Raises InvalidContent, NotAllowed, WrongPassword or Refused."""
    written = validated_document(document)
    if is_empty(written):
        raise Refused("An addendum needs some words.")
    _require_password(study, acting_user, password)
    with transaction.atomic():
        report = Report.objects.select_for_update().filter(study=study).first()
        if report is None or not report.is_signed:
            raise Refused("Only a signed report takes an addendum.")
        number = report.addenda.count() + 1
        if number > MOST_ADDENDA:
            raise Refused("The report has as many addenda as it may.")
        Addendum.objects.create(report=report, number=number, document=written, author=acting_user)
        report.state = ReportState.ADDENDED
        report.save()
        _note(Action.REPORT_ADDED_TO, report, acting_user, addendum=number)
        announce(report, ReportEvent.ADDED_TO, acting_user=acting_user)
        tell_of_signature(report, Event.REPORT_ADDENDUM, acting_user=acting_user)
        _show_on_worklist(report, acting_user)
    return report


def _held(study: Study, user: User, *, begins: bool = False) -> Report:
    """Return the report with its row held. Raises NotAllowed, AlreadySigned or Refused."""
    if not may_report(user):
        raise NotAllowed("Only radiologists write reports.")
    if begins:
        Report.objects.get_or_create(study=study, defaults={"author": user})
    report = Report.objects.select_for_update(of=("self",)).select_related("locked_by").filter(study=study).first()
    if report is None:
        raise Refused("There is no report to sign yet.")
    if report.is_signed:
        raise AlreadySigned("The report is signed: write an addendum.")
    return report


def _require_words(report: Report, version: int) -> None:
    if version != report.version:
        raise Conflict(report)
    if all(is_empty(document) for document in report.content.values()):
        raise Refused("The report holds no words yet.")


def _require_password(study: Study, user: User, password: str) -> None:
    if not may_report(user):
        raise NotAllowed("Only radiologists sign reports.")
    if not user.check_password(password):
        record(
            Action.REPORT_SIGNATURE_REFUSED,
            acting_user=user,
            facility=study.facility,
            study_instance_uid=study.study_instance_uid,
        )
        raise WrongPassword("That is not your password: the report was not signed.")


def _keep_version(report: Report, *, closes: bool = False) -> None:
    """Write down what the report says now; what one person goes on writing becomes part of the version before."""
    now, last = timezone.now(), report.versions.last()
    goes_on = (
        last is not None
        and not (closes or last.is_closed)
        and (last.state, last.author_id) == (report.state, report.author_id)
        and now - last.made_at < SAME_VERSION_FOR
    )
    report.version += 1
    if goes_on and last is not None:
        ReportVersion.objects.filter(pk=last.pk).update(content=report.content, number=report.version)
        return
    values = {"state": report.state, "content": report.content, "author": report.author}
    ReportVersion.objects.create(report=report, number=report.version, made_at=now, is_closed=closes, **values)
    if not closes:
        _note(Action.REPORT_WRITTEN, report, report.author)


def _show_on_worklist(report: Report, user: User) -> None:
    """Let the worklist say how far the report is, and that its writer holds the study."""
    report_changed(report.study, report.state, acting_user=user)


def _note(action: Action, report: Report, user: User, **detail: Any) -> None:
    record(
        action,
        acting_user=user,
        facility=report.study.facility,
        study_instance_uid=report.study.study_instance_uid,
        version=report.version,
        state=report.state,
        **detail,
    )
