"""E-mail, proved against a real SMTP server: what it says, that it is secured, and that none is lost or sent twice."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.models import Action, AuditEntry
from noctis.notifications.actions import mark_read, notify
from noctis.notifications.delivery import MailCourier, claim_next
from noctis.notifications.event_kinds import Event, MailChoice
from noctis.notifications.models import EventPreference, Mail, MailState, Notification
from noctis.reading_worklist.tests.factories import make_study
from tests.support.certificates import Authority, Certificate
from tests.support.mail_server import MailBox, Sign, mail_server_at
from tests.support.ports import free_ports

pytestmark = pytest.mark.django_db
SECRET = "geheim-4711"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("mail-ca"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Certificate:
    return authority.sign("mail")


@pytest.fixture
def port(settings: Any, authority: Authority) -> int:
    """Let Noctis send to a free port of this machine, where no server runs yet."""
    (free,) = free_ports(1)
    settings.NOCTIS_SMTP_HOST, settings.NOCTIS_SMTP_PORT = "127.0.0.1", free
    settings.NOCTIS_SMTP_SECURITY, settings.NOCTIS_SMTP_CA_FILE = "starttls", str(authority.root.certificate)
    settings.NOCTIS_SMTP_USER, settings.NOCTIS_SMTP_PASSWORD = "noctis", SECRET
    settings.NOCTIS_BASE_URL = "https://pacs.example"
    return free


@pytest.fixture
def box() -> MailBox:
    return MailBox()


@pytest.fixture
def server(port: int, box: MailBox, certificate: Certificate) -> Iterator[MailBox]:
    with mail_server_at(port, box, tls=certificate, sign=Sign("noctis", SECRET)):
        yield box


def deliver() -> None:
    """Do what the process for outgoing work does in one round, with no wait between attempts."""
    courier = MailCourier(lambda _: timedelta(0))
    for destination in courier.due():
        courier.deliver(destination, lambda: False)


def parts(message: Any) -> tuple[str, str]:
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


@pytest.fixture
def named_study(people, data_dir) -> Study:
    """Make a study every one of whose values would be recognised."""
    return make_study(
        people.north, "Wunderlich^Xaver", patient_identifier="PID-77123", accession_number="ACC-99817",
        description="Sinus probe", study_instance_uid="2.25.99887766", study_date=timezone.localdate(),
    )  # fmt: skip


def test_a_mail_goes_out_secured_and_signed_in(server: MailBox, named_study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=named_study)
    deliver()
    assert (server.secured, server.signed_in) == ([True], [True])
    assert server.recipients == [[reader.email]]
    sent = Mail.objects.get()
    assert sent.state == MailState.SENT
    entry = AuditEntry.objects.get(action=Action.NOTIFICATION_MAILED)
    assert entry.detail == {"mail": str(sent.uid), "event": "report_final", "notifications": 1}
    deliver()
    assert len(server.raw) == 1


def test_headers_say_that_a_machine_wrote_it_and_where_to_end_it(
    server: MailBox, named_study: Study, reader: User
) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=named_study)
    deliver()
    (message,) = server.messages
    assert message["Subject"] == "Noctis: Final report"
    assert message["From"] == "Noctis <noctis@pacs.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{Mail.objects.get().uid}@pacs.example>"
    assert message["List-Unsubscribe"] == "<https://pacs.example/notifications/preferences>"
    assert message["Date"].datetime.tzinfo is not None


def test_no_mail_holds_anything_of_the_patient(server: MailBox, named_study: Study, people, reader: User) -> None:
    for event in Event:
        choice = {"in_app": True, "mail": MailChoice.AT_ONCE}
        for user in (reader, people.administrator, people.radiologist, people.technician):
            user.email = f"{user.username}@hospital.example"
            user.save()
            EventPreference.objects.update_or_create(user=user, event=event, defaults=choice)
        everybody = [reader, people.administrator, people.radiologist, people.technician]
        notify(event, recipients=everybody, study=named_study, text="Wunderlich" if event != Event.SYSTEM_ALERT else "")
    deliver()
    assert {mail.event for mail in Mail.objects.filter(state=MailState.SENT)} == set(Event)
    study = named_study
    told = ("wunderlich", "xaver", "pid-77123", "acc-99817", "sinus", "99887766", study.facility.name.lower())
    for raw, message in zip(server.raw, server.messages, strict=True):
        for text in (raw.decode().lower(), *(part.lower() for part in parts(message))):
            assert not [word for word in told if word in text]


def test_both_parts_lead_to_the_study_by_an_opaque_link(server: MailBox, named_study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=named_study)
    deliver()
    link = f"https://pacs.example/notifications/{Notification.objects.get().uid}/open"
    assert all(link in part for part in parts(server.messages[0]))
    client = Client()
    client.force_login(reader)
    answer = client.get(link.removeprefix("https://pacs.example"))
    assert answer["Location"] == f"/studies/{named_study.study_instance_uid}/report"


def test_a_flood_is_one_mail_with_as_many_links_as_are_useful(server: MailBox, people, data_dir, reader: User) -> None:
    for _ in range(14):
        notify(Event.REPORT_FINAL, recipients=[reader], study=make_study(people.north))
    deliver()
    (message,) = server.messages
    assert message["Subject"] == "Noctis: Final report (14)"
    text, html = parts(message)
    assert len(re.findall(r"/open", text)) == len(re.findall(r"/open", html)) == 10
    assert "and 4 more" in text
    assert "and 4 more" in html


def test_a_server_that_is_down_is_tried_until_it_is_up_and_gets_each_mail_once(
    port: int, box: MailBox, certificate: Certificate, studies: list[Study], reader: User, radiologist: User
) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=studies[0])
    notify(Event.CRITICAL_RESULT, recipients=[radiologist], study=studies[0])
    for attempt in (1, 2, 3):
        deliver()
        assert {mail.attempts for mail in Mail.objects.all()} == {attempt}
    assert {mail.state for mail in Mail.objects.all()} == {MailState.WAITING}
    assert "cannot be used" in Mail.objects.all()[0].last_error
    with mail_server_at(port, box, tls=certificate, sign=Sign("noctis", SECRET)):
        deliver()
        deliver()
    assert sorted(to for (to,) in box.recipients) == sorted([reader.email, radiologist.email])
    assert {mail.state for mail in Mail.objects.all()} == {MailState.SENT}


def test_a_refused_sign_in_is_shown_and_the_password_is_nowhere(
    port: int, box: MailBox, certificate: Certificate, study: Study, reader: User, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    with mail_server_at(port, box, tls=certificate, sign=Sign("noctis", "another")):
        deliver()
    waiting = Mail.objects.get()
    assert waiting.state == MailState.WAITING
    assert "refuses the sign-in: 535" in waiting.last_error
    own = [record for record in caplog.records if record.name.startswith("noctis")]
    assert SECRET not in waiting.last_error + " ".join(record.getMessage() for record in own)
    assert box.raw == []


def test_a_server_whose_certificate_nobody_knows_gets_nothing(
    settings, port: int, box: MailBox, certificate: Certificate, study: Study, reader: User, tmp_path: Path
) -> None:
    settings.NOCTIS_SMTP_CA_FILE = str(Authority.make(tmp_path / "other").root.certificate)
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    with mail_server_at(port, box, tls=certificate):
        deliver()
    assert "certificate of the mail server is not trusted" in Mail.objects.get().last_error
    assert box.raw == []


def test_a_server_without_tls_gets_nothing(port: int, box: MailBox, study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    with mail_server_at(port, box):
        deliver()
    assert "STARTTLS" in Mail.objects.get().last_error
    assert box.raw == []


def test_tls_from_the_first_byte(
    settings, port: int, box: MailBox, certificate: Certificate, study: Study, reader: User
) -> None:
    settings.NOCTIS_SMTP_SECURITY, settings.NOCTIS_SMTP_USER = "tls", ""
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    with mail_server_at(port, box, tls=certificate, implicit=True):
        deliver()
    assert box.secured == [True]


def test_a_mail_that_is_refused_for_good_is_given_up_and_the_others_go_out(
    server: MailBox, study: Study, reader: User, radiologist: User
) -> None:
    notify(Event.CRITICAL_RESULT, recipients=[reader], study=study)
    notify(Event.CRITICAL_RESULT, recipients=[radiologist], study=study)
    server.answers.append("554 5.7.1 Not here")
    deliver()
    assert Mail.objects.get(state=MailState.FAILED).last_error == "554 5.7.1 Not here"
    assert Mail.objects.filter(state=MailState.SENT).count() == 1


@pytest.mark.parametrize("address", [f"a@{'x' * 70}.example", "two words@x.example", "ü@x.example"])
def test_an_address_that_nothing_can_be_sent_to_holds_up_nobody(
    server: MailBox, study: Study, reader: User, radiologist: User, address: str
) -> None:
    User.objects.filter(pk=reader.pk).update(email=address)
    notify(Event.CRITICAL_RESULT, recipients=[reader, radiologist], study=study)
    deliver()
    assert "No e-mail can be written to this address" in Mail.objects.get(user=reader).last_error
    assert server.recipients == [[radiologist.email]]


def test_a_mail_that_is_refused_for_now_is_tried_again(server: MailBox, study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    server.answers.append("451 4.3.0 Try again later")
    courier = MailCourier(lambda _: timedelta(minutes=5))
    courier.deliver("mail", lambda: False)
    waiting = Mail.objects.get()
    assert (waiting.state, waiting.attempts, waiting.last_error) == ("waiting", 1, "451 4.3.0 Try again later")
    assert waiting.due_at > timezone.now()
    Mail.objects.update(due_at=timezone.now())
    deliver()
    assert len(server.raw) == 1


def test_after_three_days_a_mail_is_given_up_until_somebody_asks(
    port: int, box: MailBox, certificate: Certificate, study: Study, reader: User, administrator: User
) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    Mail.objects.update(created_at=timezone.now() - timedelta(days=4))
    deliver()
    assert Mail.objects.get().state == MailState.FAILED
    client = Client()
    client.force_login(administrator)
    assert "cannot be used" in client.get("/admin/mail?state=failed").content.decode()
    client.post("/admin/mail/again", {"pk": str(Mail.objects.get().pk)})
    with mail_server_at(port, box, tls=certificate, sign=Sign("noctis", SECRET)):
        deliver()
    assert len(box.raw) == 1
    assert Mail.objects.get().state == MailState.SENT


def test_a_mail_belongs_to_one_sender_and_comes_back_when_it_is_lost(study: Study, reader: User) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    now = timezone.now()
    assert claim_next(now) is not None
    assert claim_next(now) is None
    assert claim_next(now + timedelta(minutes=11)) is not None


def lose_permission(reader: User, south: Any) -> None:
    reader.facility = south
    reader.save()


def read_it(reader: User, south: Any) -> None:
    mark_read(reader)


def forget_address(reader: User, south: Any) -> None:
    User.objects.filter(pk=reader.pk).update(email="")


@pytest.mark.parametrize("change", [lose_permission, read_it, forget_address])
def test_what_is_not_to_be_told_any_more_is_not_sent(
    server: MailBox, study: Study, reader: User, south, change: Callable[[User, Any], None]
) -> None:
    notify(Event.REPORT_FINAL, recipients=[reader], study=study)
    change(reader, south)
    deliver()
    assert server.raw == []
    assert not Mail.objects.exists()


def test_the_test_shows_what_the_server_really_said(server: MailBox, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)
    client.post("/admin/mail/test", {"to": "it@hospital.example"})
    page = client.get("/admin/mail").content.decode()
    assert "250 2.0.0 Ok: queued as 4QXYZ" in page
    assert server.recipients == [["it@hospital.example"]]
    server.answers.append("552 5.2.2 Mailbox full")
    client.post("/admin/mail/test", {"to": "it@hospital.example"})
    assert "552 5.2.2 Mailbox full" in client.get("/admin/mail").content.decode()
    assert "552" not in client.get("/admin/mail").content.decode()
    assert [entry.detail["taken"] for entry in AuditEntry.objects.filter(action=Action.MAIL_TRIED)] == [False, True]


def test_a_test_to_no_address_is_refused_in_place(port: int, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)
    answer = client.post("/admin/mail/test", {"to": "nobody"})
    assert "Enter a valid email address" in answer.content.decode()
    assert 'value="nobody"' in answer.content.decode()
