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
from noctis.network.models import RemoteApplicationEntity
from noctis.notifications.actions import mark_read, notify
from noctis.notifications.alerts import raise_alert, resolve_alert
from noctis.notifications.digest import make_digests
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.mail_content import message_for
from noctis.notifications.models import Alert, DigestPreference, EventPreference, Mail, Notification
from noctis.notifications.tasks import remove_old_notifications
from noctis.operations import troubles
from noctis.operations.views.overview import DiskSpace
from noctis.routing.models import Transmission

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


def test_a_disk_that_swings_around_the_bound_rings_once(administrator: User, data_dir, monkeypatch) -> None:
    for free in (50, 9, 11, 9, 11, 13, 11, 50):
        monkeypatch.setattr(troubles, "disk_space", lambda free=free: DiskSpace(100 * 10**9, free * 10**9))
        troubles.look_for_trouble()
    first, second = told(administrator)
    assert first == "The disk of the archive is 9% free (9 GB). When it is full, no image is taken any more."
    assert second == "Resolved: the disk of the archive is 13% free (13 GB)"
    assert Alert.objects.get().resolved_at is not None


def test_e_mail_that_fails_again_and_again_is_told_in_the_bell(
    administrator: User, reader: User, data_dir, study: Study
) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    Mail.objects.update(attempts=4, last_error="421 busy")
    troubles.look_for_trouble()
    assert told(administrator) == ["E-mails do not go out: 1 wait after several attempts."]
    Mail.objects.update(attempts=1)
    troubles.look_for_trouble()
    Mail.objects.update(attempts=0)
    troubles.look_for_trouble()
    assert told(administrator)[1:] == ["Resolved: e-mails go out again."]


def test_images_that_cannot_be_sent_are_told_once_for_the_whole_queue(
    administrator: User, data_dir, people, studies: list[Study]
) -> None:
    device = RemoteApplicationEntity.objects.create(ae_title="AWAY", facility=people.north)
    for study in studies:
        Transmission.objects.create(
            study=study, origin="rule", destination=device, destination_facility=people.north, attempts=5
        )
    troubles.look_for_trouble()
    troubles.look_for_trouble()
    assert told(administrator) == ["Images do not go out: 3 wait after several attempts."]


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
