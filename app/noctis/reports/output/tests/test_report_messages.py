"""Reports as HL7 messages, sent to a real listener: complete, acknowledged, tried again, and never out of order."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.models import Action, AuditEntry
from noctis.notifications.models import Alert, Notification
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports import actions
from noctis.reports.output.courier import ReportCourier
from noctis.reports.output.editions import file_of
from noctis.reports.output.models import DeliveryKind, DeliveryState, Edition, Hl7Receiver, ReportDelivery
from noctis.reports.output.queue import ALERT_AFTER
from noctis.reports.output.tests.mllp_receiver import MllpReceiver
from noctis.reports.output.tests.papers import PASSWORD, doc, signed_report, signer
from tests.support.certificates import Authority
from tests.support.ports import free_ports

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener() -> Iterator[MllpReceiver]:
    with MllpReceiver().listening() as receiver:
        yield receiver


@pytest.fixture
def receiver(people, data_dir, listener) -> Hl7Receiver:
    return Hl7Receiver.objects.create(
        name="HIS",
        host="127.0.0.1",
        port=listener.port,
        receiving_application="HIS",
        receiving_facility="HOSPITAL",
        facility=people.north,
    )


@pytest.fixture
def study(people) -> Study:
    return make_study(
        people.north,
        patient_name="Yamada^Tarou=山田^太郎",
        patient_identifier="P|7",
        birth_date=date(1970, 2, 3),
        sex="M",
        accession_number="A&7",
        description="CT abdomen",
    )


def work(receiver: Hl7Receiver) -> None:
    """Do what is due for a receiver, as the process for outgoing work does."""
    ReportCourier().deliver(receiver.pk, lambda: False)


def only(receiver: Hl7Receiver) -> ReportDelivery:
    return ReportDelivery.objects.get(receiver=receiver)


def make_due(receiver: Hl7Receiver) -> None:
    """Let the time pass until the next attempt."""
    ReportDelivery.objects.filter(receiver=receiver).update(next_attempt_at=timezone.now())


def test_a_final_report_arrives_line_by_line_and_is_acknowledged(people, study, receiver, listener):
    findings = doc("Größe | normal & 肝臓 ~ unauffällig.", "Second ^ line \\ end.")
    signed_report(study, people.radiologist, findings=findings, impression=doc("Normal."))
    assert receiver.pk in ReportCourier().due()
    work(receiver)
    (message,) = listener.taken
    msh, pid, obr = (message.segment(name) for name in ("MSH", "PID", "OBR"))
    assert (str(msh[3]), str(msh[4]), str(msh[5]), str(msh[6])) == ("NOCTIS", "NORTH", "HIS", "HOSPITAL")
    assert (str(msh[9]), str(msh[12]), str(msh[18])) == ("ORU^R01^ORU_R01", "2.5.1", "UNICODE UTF-8")
    assert len(str(msh[10])) == 20
    assert str(pid[3]).startswith("P\\F\\7^^^")
    assert str(pid[5]) == "Yamada^Tarou^^^^^L^A~山田^太郎^^^^^L^I"
    assert (str(pid[7]), str(pid[8])) == ("19700203", "M")
    assert (str(obr[18]), str(obr[25])) == ("A\\T\\7", "F")
    text = [(str(obx[3][0][0]), str(obx[5]), str(obx[11])) for obx in message.segments("OBX") if str(obx[2]) == "TX"]
    assert text == [
        ("59776-5", "Größe \\F\\ normal \\T\\ 肝臓 \\R\\ unauffällig.", "F"),
        ("59776-5", "Second \\S\\ line \\E\\ end.", "F"),
        ("19005-8", "Normal.", "F"),
    ]
    assert message.unescape(text[0][1]) == "Größe | normal & 肝臓 ~ unauffällig."
    assert only(receiver).state == DeliveryState.DONE
    assert AuditEntry.objects.filter(action=Action.REPORT_DELIVERED, detail__receiver="HIS").count() == 1
    work(receiver)
    assert len(listener.taken) == 1


def test_preliminary_final_and_addendum_say_their_status_and_the_pdf_goes_with_them(people, study, receiver, listener):
    Hl7Receiver.objects.update(sends_text=False, sends_pdf=True, sends_preliminary=True)
    reader = signer(people.radiologist)
    actions.save(study, {"findings": doc("Suspicious.")}, 0, acting_user=reader)
    actions.release(study, 1, acting_user=reader)
    actions.sign(study, 2, PASSWORD, acting_user=reader)
    actions.add(study, doc("Compared with 2019."), PASSWORD, acting_user=reader)
    work(receiver)
    assert [str(message.segment("OBR")[25]) for message in listener.taken] == ["P", "F", "C"]
    assert len({str(message.segment("MSH")[10]) for message in listener.taken}) == 3
    data = next(obx for obx in listener.taken[2].segments("OBX") if str(obx[2]) == "ED")
    assert str(data[5]).startswith("NOCTIS^application^pdf^Base64^")
    sent = base64.b64decode(str(data[5]).rpartition("^")[2])
    assert sent == file_of(Edition.objects.get(addendum=1)).path.read_bytes()


def test_a_receiver_that_cannot_be_reached_gets_everything_in_order_once_it_is_there(people, study, receiver, listener):
    (closed,) = free_ports(1)
    Hl7Receiver.objects.update(port=closed)
    signed_report(study, people.radiologist)
    actions.add(study, doc("Compared with 2019."), PASSWORD, acting_user=people.radiologist)
    work(receiver)
    states = list(ReportDelivery.objects.filter(receiver=receiver).values_list("state", "waits_for_receiver"))
    assert (DeliveryState.WAITING, True) in states
    first = ReportDelivery.objects.filter(receiver=receiver).earliest("pk")
    assert "HIS cannot be reached" in first.last_error
    assert first.next_attempt_at > timezone.now()
    assert receiver.pk not in ReportCourier().due()

    Hl7Receiver.objects.update(port=listener.port)
    make_due(receiver)
    work(receiver)
    assert [str(message.segment("OBR")[25]) for message in listener.taken] == ["F", "C"]
    assert set(ReportDelivery.objects.filter(receiver=receiver).values_list("state", flat=True)) == {"done"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("close", "closed the connection without an answer"),
        ("another", "acknowledged another message"),
        ("AR", "answered AR: unknown patient"),
    ],
)
def test_what_was_not_taken_is_sent_again_as_the_same_message(people, study, receiver, listener, answer, why):
    listener.answers = [answer]
    signed_report(study, people.radiologist)
    work(receiver)
    assert (only(receiver).state, only(receiver).attempts) == (DeliveryState.WAITING, 1)
    assert why in only(receiver).last_error
    make_due(receiver)
    work(receiver)
    assert only(receiver).state == DeliveryState.DONE
    first, second = listener.taken
    assert str(first) == str(second)


def test_a_message_in_error_is_given_up_and_an_administrator_sends_it_again(people, study, receiver, listener):
    listener.answers = ["AE", "AE", "AE"]
    signed_report(study, people.radiologist)
    for _ in range(3):
        make_due(receiver)
        work(receiver)
    failed = only(receiver)
    assert (failed.state, failed.refusals) == (DeliveryState.FAILED, 3)
    make_due(receiver)
    work(receiver)
    assert len(listener.taken) == 3

    client = Client()
    client.force_login(people.administrator)
    page = client.get("/admin/report-deliveries?state=failed").content.decode()
    assert "HIS answered AE: unknown patient" in page
    assert client.post(f"/admin/report-deliveries/{failed.pk}/send").status_code == 302
    work(receiver)
    assert only(receiver).state == DeliveryState.DONE
    assert AuditEntry.objects.filter(action=Action.REPORT_DELIVERY_CHANGED).count() == 1


def test_administrators_are_told_when_a_receiver_stays_away_and_when_it_is_there_again(
    people, study, receiver, listener
):
    (closed,) = free_ports(1)
    Hl7Receiver.objects.update(port=closed)
    signed_report(study, people.radiologist)
    for attempt in range(1, ALERT_AFTER + 1):
        make_due(receiver)
        work(receiver)
        assert Alert.objects.filter(resolved_at=None).exists() == (attempt == ALERT_AFTER)
    assert "HL7 receiver HIS" in Notification.objects.get(user=people.administrator).text
    Hl7Receiver.objects.update(port=listener.port)
    make_due(receiver)
    work(receiver)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_what_an_administrator_stopped_is_not_sent(people, study, receiver, listener):
    signed_report(study, people.radiologist)
    client = Client()
    client.force_login(people.administrator)
    client.post(f"/admin/report-deliveries/{only(receiver).pk}/stop")
    work(receiver)
    assert (only(receiver).state, listener.taken) == (DeliveryState.CANCELLED, [])


def test_a_receiver_gets_the_reports_of_its_facility_alone_and_none_while_it_rests(people, study, receiver, listener):
    signed_report(make_study(people.south), people.radiologist)
    assert not ReportDelivery.objects.filter(receiver=receiver).exists()
    assert ReportDelivery.objects.filter(kind=DeliveryKind.FILE).exists()
    Hl7Receiver.objects.update(is_active=False)
    signed_report(study, people.radiologist)
    assert not ReportDelivery.objects.filter(receiver=receiver).exists()


def test_what_was_begun_when_a_process_ended_is_done_by_the_next(people, study, receiver, listener):
    signed_report(study, people.radiologist)
    ReportDelivery.objects.filter(receiver=receiver).update(state=DeliveryState.WORKING)
    work(receiver)
    assert only(receiver).state == DeliveryState.DONE


def test_tls_reaches_a_receiver_whose_authority_is_known_and_no_other(people, study, data_dir, tmp_path: Path):
    ours, other = Authority.make(tmp_path / "ours"), Authority.make(tmp_path / "other")
    with MllpReceiver(ours.sign("his")).listening() as secured:
        receiver = Hl7Receiver.objects.create(
            name="HIS",
            host="127.0.0.1",
            port=secured.port,
            uses_tls=True,
            certificate_authority=other.root.certificate.read_text(),
        )
        signed_report(study, people.radiologist)
        work(receiver)
        assert "No secured connection with HIS" in only(receiver).last_error
        assert secured.taken == []
        Hl7Receiver.objects.update(certificate_authority=ours.root.certificate.read_text())
        make_due(receiver)
        work(receiver)
        assert only(receiver).state == DeliveryState.DONE
        assert len(secured.taken) == 1


def add(user: User, **values: str) -> int:
    client = Client()
    client.force_login(user)
    typed = {"name": "HIS", "host": "his.example", "port": "2575", "sends_text": "on", "is_active": "on", **values}
    return client.post("/admin/hl7-receivers/new", typed).status_code


def test_administrators_add_receivers_that_can_be_reached_and_get_something(people):
    for wrong in (
        {"host": "not a host"},
        {"port": "0"},
        {"sends_text": ""},
        {"certificate_authority": "no certificate"},
    ):
        assert add(people.administrator, **wrong) == 200
    assert not Hl7Receiver.objects.exists()
    for who in (people.radiologist, people.technician, people.owner):
        assert add(who) == 403
    assert add(people.administrator) == 302
    assert add(people.administrator) == 200, "the name is taken"
    assert Hl7Receiver.objects.get().facility is None
    assert AuditEntry.objects.get(action=Action.HL7_RECEIVER_ADDED).detail["host"] == "his.example"
