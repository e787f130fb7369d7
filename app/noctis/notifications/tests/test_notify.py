"""Who is told of an event, and how often."""

from __future__ import annotations

import pytest
from django.db import transaction

from noctis.accounts.models import Facility, Role, User
from noctis.archive.models import Study
from noctis.notifications.actions import mark_read, notify
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.models import EventPreference, Mail, MailState, Notification
from noctis.notifications.recipients import facility_users

pytestmark = pytest.mark.django_db


def told(user: User) -> list[tuple[str, int]]:
    return [(found.event, found.count) for found in Notification.objects.filter(user=user)]


def test_a_facility_user_is_told_of_a_final_report_in_the_bell_and_by_mail(study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=facility_users(study.facility), study=study)
    notification = Notification.objects.get(user=reader)
    assert notification.is_in_app
    assert notification.mail is not None
    assert notification.mail.state == MailState.WAITING


def test_a_user_of_another_facility_is_never_told(study: Study, stranger: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[stranger], study=study)
    assert told(stranger) == []
    assert not Mail.objects.filter(user=stranger).exists()


def test_who_lost_the_permission_no_longer_sees_what_was_told(study: Study, reader: User, south: Facility) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    assert Notification.objects.visible_to(reader).count() == 1
    reader.facility = south
    assert Notification.objects.visible_to(reader).count() == 0


def test_nobody_is_told_of_what_they_did_themselves(study: Study, radiologist: User) -> None:
    notify(Event.STUDY_ASSIGNED, recipients=[radiologist], study=study, acting_user=radiologist)
    assert told(radiologist) == []


def test_a_role_that_has_nothing_to_do_with_an_event_is_not_told(study: Study, reader: User) -> None:
    notify(Event.SYSTEM_ALERT, recipients=[reader])
    notify(Event.STUDY_ASSIGNED, recipients=[reader], study=study)
    assert told(reader) == []


def test_a_deactivated_user_is_not_told(study: Study, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_active=False)
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    assert told(reader) == []


def test_what_is_switched_off_is_not_told(study: Study, reader: User) -> None:
    EventPreference.objects.create(user=reader, event=Event.REPORT_FINAL, in_app=False, mail=MailChoice.OFF)
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    assert told(reader) == []


def test_a_critical_result_rings_though_it_was_switched_off(study: Study, reader: User) -> None:
    EventPreference.objects.create(user=reader, event=Event.CRITICAL_RESULT, in_app=False, mail=MailChoice.OFF)
    notify(Event.CRITICAL_RESULT, recipients=[reader], study=study)
    assert Notification.objects.get(user=reader).is_in_app


def test_arrivals_are_told_only_to_those_who_asked(study: Study, reader: User) -> None:
    notify(Event.STUDY_ARRIVED, recipients=[reader], study=study)
    assert told(reader) == []
    EventPreference.objects.create(user=reader, event=Event.STUDY_ARRIVED, in_app=True, mail=MailChoice.OFF)
    notify(Event.STUDY_ARRIVED, recipients=[reader], study=study)
    assert told(reader) == [(Event.STUDY_ARRIVED, 1)]


def test_the_same_again_before_it_was_read_is_counted(study: Study, reader: User) -> None:
    for _ in range(3):
        notify(Event.REPORT_ADDENDUM, recipients=[reader], study=study)
    assert told(reader) == [(Event.REPORT_ADDENDUM, 3)]
    assert mark_read(reader) == 1
    notify(Event.REPORT_ADDENDUM, recipients=[reader], study=study)
    assert sorted(count for _, count in told(reader)) == [1, 3]


def test_a_flood_becomes_one_mail_now_and_one_later(studies: list[Study], reader: User) -> None:
    for study in studies:
        notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    first = Mail.objects.get(user=reader)
    assert first.notifications.count() == len(studies)
    Mail.objects.update(state=MailState.SENT)
    for study in studies:
        notify(Event.REPORT_ADDENDUM, recipients=[reader], study=study)
        notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    later = Mail.objects.get(user=reader, event=Event.REPORT_FINAL, state=MailState.WAITING)
    assert later.due_at > first.due_at
    assert later.notifications.count() == len(studies)


def test_each_critical_result_has_a_mail_of_its_own(studies: list[Study], reader: User) -> None:
    for study in studies:
        notify(Event.CRITICAL_RESULT, recipients=[reader], study=study)
    assert Mail.objects.filter(user=reader).count() == len(studies)


def test_what_is_rolled_back_was_never_told(study: Study, reader: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notify(Event.REPORT_FINAL, recipients=[reader], study=study)
        raise ZeroDivisionError
    assert told(reader) == []


def test_a_user_without_an_address_is_told_in_the_bell_alone(study: Study, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(email="")
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    assert told(reader) == [(Event.REPORT_FINAL, 1)]
    assert not Mail.objects.exists()


def test_every_event_has_a_default_for_some_role() -> None:
    from noctis.notifications.event_kinds import DEFAULTS

    assert set(DEFAULTS) == set(Event)
    assert all(DEFAULTS[event] for event in Event)
    assert Role.FACILITY_USER not in DEFAULTS[Event.SYSTEM_ALERT]
