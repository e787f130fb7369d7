"""What is told by the clock: the daily digest, system alerts, and what is removed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import QuarantinedObject, QuarantineReason, Reception, Study
from noctis.archive.signals import objects_quarantined, studies_ready
from noctis.notifications.actions import mark_read, notify
from noctis.notifications.alerts import raise_alert, resolve_alert
from noctis.notifications.digest import make_digests
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.mail_content import message_for
from noctis.notifications.models import DigestPreference, EventPreference, Mail, Notification
from noctis.notifications.tasks import remove_old_notifications

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def digested(studies: list[Study], reader: User) -> User:
    """Let a reader have three unread reports that wait for the digest at 18:30."""
    EventPreference.objects.create(user=reader, event=Event.REPORT_FINAL, in_app=True, mail=MailChoice.DIGEST)
    DigestPreference.objects.create(user=reader, at=time(18, 30))
    for study in studies:
        notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    return reader


def at(hour: int, minute: int, day: int = 10) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=BERLIN)


def test_the_digest_is_made_at_the_readers_time_by_the_clock_of_the_installation(digested: User) -> None:
    with timezone.override(BERLIN):
        assert make_digests(at(18, 29)) == 0
        assert make_digests(at(18, 31)) == 1
        assert make_digests(at(18, 36)) == 0
    mail = Mail.objects.get()
    text = message_for(mail, list(mail.notifications.all())).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Final report: 3" in text
    assert "Phantom" not in text


def test_a_second_digest_comes_on_the_next_day(digested: User, study: Study) -> None:
    with timezone.override(BERLIN):
        make_digests(at(18, 31))
        notify(Event.REPORT_FINAL, recipients=[digested], study=study)
        assert make_digests(at(23, 59)) == 0
        assert make_digests(at(18, 31, day=11)) == 1


def test_nothing_unread_makes_no_digest(digested: User) -> None:
    mark_read(digested)
    with timezone.override(BERLIN):
        assert make_digests(at(18, 31)) == 0
    assert not Mail.objects.exists()


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def test_one_trouble_is_told_once_and_once_more_when_it_is_over(administrator: User, radiologist: User) -> None:
    for _ in range(3):
        raise_alert("disk", "The disk is nearly full.")
    resolve_alert("disk", "the disk has room")
    resolve_alert("disk", "the disk has room")
    assert told(administrator) == ["The disk is nearly full.", "Resolved: the disk has room"]
    assert told(radiologist) == []
    raise_alert("disk", "The disk is nearly full.")
    assert len(told(administrator)) == 3


def test_arrivals_are_told_to_those_of_the_facility_who_asked(
    study: Study, reader: User, technician: User, stranger: User
) -> None:
    for user in (reader, stranger):
        EventPreference.objects.create(user=user, event=Event.STUDY_ARRIVED, in_app=True, mail=MailChoice.OFF)
    studies_ready.send(sender=None, study_ids=[study.pk])
    assert [found.user for found in Notification.objects.all()] == [reader]


def quarantine(facility: Any, number: int) -> int:
    reception = Reception.objects.create(facility=facility, protocol="dimse")
    kept = QuarantinedObject.objects.create(
        facility=facility,
        reception=reception,
        reason=QuarantineReason.UNREADABLE,
        path=f"q{number}",
        sha256=f"{number:064}",
    )
    return kept.pk


def test_quarantine_is_told_to_technicians_of_the_facility_and_administrators(
    people, technician: User, administrator: User, reader: User
) -> None:
    keys = [quarantine(people.north, number) for number in range(3)]
    south = quarantine(people.south, 9)
    for key in (*keys, south):
        objects_quarantined.send(sender=None, quarantined_ids=[key])
    assert {(found.user, found.count) for found in Notification.objects.all()} == {
        (technician, 3),
        (administrator, 3),
        (administrator, 1),
    }
    assert told(technician) == ["North hospital: The object cannot be read"]


def test_what_was_told_long_ago_is_removed(settings, studies: list[Study], reader: User) -> None:
    for study in studies:
        notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    oldest = Notification.objects.order_by("pk")[0]
    long_ago = timezone.now() - timedelta(days=settings.NOCTIS_NOTIFICATION_DAYS, hours=1)
    Notification.objects.filter(pk=oldest.pk).update(happened_at=long_ago)
    remove_old_notifications.call_local()
    assert Notification.objects.count() == 2
