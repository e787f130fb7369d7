"""How alerts begin, go on and end, whatever it is about."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.accounts.models import User
from noctis.monitoring import watch
from noctis.monitoring.actions import raise_test_alert
from noctis.monitoring.conditions.catalogue import CONDITIONS, WATCH
from noctis.monitoring.conditions.finding import Condition, Finding, too_little, unwatched
from noctis.monitoring.models import Reading, State
from noctis.monitoring.silence import WatchKeeper
from noctis.monitoring.tasks import watch_the_appliance
from noctis.monitoring.tests.conftest import told
from noctis.notifications.models import Alert, Mail, MailState, Notification
from tests.support.mail_server import MailBox, mail_server_at
from tests.support.ports import free_ports

pytestmark = pytest.mark.django_db
WRONG = Finding(is_wrong=True, text="it is wrong", value=1.0)
FINE = Finding(is_wrong=False, text="it is well", value=0.0)
SOMETHING = Condition("something", "Something", lambda: FINE, "more than nothing", "Do something about it.")


def test_a_figure_that_swings_around_the_bound_rings_once(administrator: User) -> None:
    for free in (50, 9, 11, 9, 11, 13, 11, 50):
        watch.note(SOMETHING, too_little(free, 10, f"{free}% is free", well_from=12))
    assert told() == ["9% is free. Do something about it.", "Resolved: 13% is free"]
    assert Alert.objects.get().resolved_at is not None


def test_what_is_wrong_for_a_moment_is_not_told(administrator: User) -> None:
    patient = replace(WRONG, patience=timedelta(minutes=2))
    for finding in (patient, patient, FINE, patient):
        watch.note(SOMETHING, finding)
    assert told() == []
    Reading.objects.update(wrong_since=timezone.now() - timedelta(minutes=3))
    watch.note(SOMETHING, patient)
    assert told() == ["It is wrong. Do something about it."]


def test_what_goes_on_is_told_again_once_a_day(administrator: User) -> None:
    watch.note(SOMETHING, WRONG)
    watch.note(SOMETHING, WRONG)
    assert len(told()) == 1
    Alert.objects.update(raised_at=timezone.now() - timedelta(hours=25))
    watch.note(SOMETHING, WRONG)
    watch.note(SOMETHING, WRONG)
    assert told()[1:] == ["Still: It is wrong. Do something about it."]
    Reading.objects.update(reminded_at=timezone.now() - timedelta(hours=25))
    watch.note(SOMETHING, WRONG)
    assert Notification.objects.get(text__startswith="Still: ").count == 2


def test_what_is_no_longer_watched_is_over(administrator: User) -> None:
    watch.note(SOMETHING, WRONG)
    watch.note(SOMETHING, unwatched("there is nothing of the kind here"))
    assert told()[1:] == ["Resolved: there is nothing of the kind here"]
    assert Reading.objects.get().state == State.UNWATCHED


def test_a_condition_that_cannot_be_looked_at_does_not_keep_the_others_from_it(
    administrator: User, data_dir, monkeypatch, caplog
) -> None:
    def fails() -> Finding:
        raise ZeroDivisionError("a name of a patient")

    broken = replace(SOMETHING, look=fails)
    monkeypatch.setattr(watch, "CONDITIONS", (broken, WATCH))
    with caplog.at_level(logging.ERROR):
        watch.look_at_everything()
    assert Reading.objects.get(key="something").text == "It could not be looked at (ZeroDivisionError)"
    assert Reading.objects.get(key="watch").state == State.FINE
    assert "patient" not in caplog.text


def test_every_advice_and_threshold_can_be_shown() -> None:
    for condition in CONDITIONS:
        assert condition.advice.endswith(".")
        assert "{" not in condition.threshold


def test_the_job_of_the_worker_looks_at_everything(administrator: User, data_dir) -> None:
    watch_the_appliance.call_local()
    assert set(Reading.objects.values_list("key", flat=True)) == {condition.key for condition in CONDITIONS}


def test_a_worker_that_does_not_watch_any_more_is_told_by_another_process(administrator: User, data_dir) -> None:
    keeper = WatchKeeper()
    watch.look_at_everything()
    Alert.objects.all().delete()
    assert list(keeper.due()) == []
    keeper = WatchKeeper()
    long_ago = timezone.now() - timedelta(minutes=6)
    keeper._began = long_ago
    Reading.objects.update(looked_at=long_ago)
    (destination,) = keeper.due()
    keeper.deliver(destination, lambda: False)
    keeper.deliver(destination, lambda: False)
    assert Alert.objects.get().text.startswith("The watch has not looked since ")
    assert list(keeper.due()) == [], "it does not ask the database all the time"
    watch.look_at_everything()
    assert Alert.objects.get(key="watch").resolved_at is not None


@pytest.fixture
def box(settings) -> MailBox:
    """Let e-mail go to a free port of this machine."""
    (settings.NOCTIS_SMTP_PORT,) = free_ports(1)
    settings.NOCTIS_SMTP_HOST, settings.NOCTIS_SMTP_SECURITY = "127.0.0.1", "none"
    settings.NOCTIS_SMTP_FROM, settings.NOCTIS_SMTP_USER = "noctis@pacs.example", ""
    return MailBox()


def test_the_mail_goes_out_although_the_dicom_service_that_sends_it_is_not_there(
    administrator: User, data_dir, settings, box: MailBox
) -> None:
    settings.NOCTIS_ALERT_ECHO_MINUTES = 0
    (settings.NOCTIS_DICOM_PORT,) = free_ports(1)
    with mail_server_at(settings.NOCTIS_SMTP_PORT, box):
        watch.look_at_everything()
    (mail,) = box.messages
    assert mail["To"] == "administrator@hospital.example"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "The DICOM service does not answer C-ECHO: it cannot be reached" in body.get_content()
    assert "/notifications/" in body.get_content()


def test_a_test_alert_goes_the_whole_way_and_ends_by_itself(administrator: User, data_dir, settings, box) -> None:
    with mail_server_at(settings.NOCTIS_SMTP_PORT, box):
        raise_test_alert(acting_user=administrator)
        watch.send_late_mail()
        Alert.objects.filter(key=watch.TEST_KEY).update(raised_at=timezone.now() - timedelta(minutes=1))
        watch.look_at_everything()
        Mail.objects.filter(state=MailState.WAITING).update(due_at=timezone.now())
        watch.send_late_mail()
    assert told()[0] == "This is a test alert, asked for by administrator. Nothing is wrong."
    assert "Resolved: this was the test alert" in told()
    assert len(box.messages) == 2
